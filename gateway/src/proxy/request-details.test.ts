import { describe, expect, test } from 'vitest';
import { headOf } from '../../test/proxy/fake-exchange.ts';
import { TrustedProxies } from '../identity/client-address.ts';
import { ipNumber } from '../policy/ip-number.ts';
import { LazyDetails } from './request-details.ts';

function detailsOf(more: Parameters<typeof headOf>[0], query = ''): LazyDetails {
  const trustedProxies = new TrustedProxies(['127.0.0.0/8']);
  return new LazyDetails({ head: headOf(more), query, claims: undefined }, trustedProxies);
}

describe('the details of a request', () => {
  test('the address is what trusted proxies say, and only they', () => {
    const fields = ['X-Forwarded-For', '10.0.0.7, ::ffff:192.0.2.1'];
    expect(detailsOf({ fields, peer: '127.0.0.1' }).address).toBe(ipNumber('192.0.2.1'));
    expect(detailsOf({ fields, peer: '203.0.113.9' }).address).toBe(ipNumber('203.0.113.9'));
    expect(detailsOf({ fields, peer: '' }).address).toBeUndefined();
  });

  test('fields have all their values, whatever case their names have', () => {
    const fields = ['X-Plan', 'a', 'x-plan', 'b', 'X-Plane', 'c'];
    expect(detailsOf({ fields }).fieldValues('x-plan')).toEqual(['a', 'b']);
    expect(detailsOf({ fields }).fieldValues('x-other')).toEqual([]);
  });

  test.each<[string, string, readonly string[]]>([
    ['?debug=true', 'debug', ['true']],
    ['?debug=a&x=1&debug=b', 'debug', ['a', 'b']],
    ['?de%62ug=tr%75e', 'debug', ['true']],
    ['?debug=%2541', 'debug', ['%41']],
    ['?debug=a+b%2Bc', 'debug', ['a b+c']],
    ['?debug', 'debug', ['']],
    ['?Debug=true', 'debug', []],
    ['?debug=%ff%zz', 'debug', ['\uFFFD%zz']],
    ['', 'debug', []],
  ])('a query %j has the parameter %s as %j: decoded once', (query, name, values) => {
    expect(detailsOf({}, query).parameterValues(name)).toEqual(values);
  });
});
