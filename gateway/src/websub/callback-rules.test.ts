import { describe, expect, test } from 'vitest';
import { CallbackRules, literalAddress } from './callback-rules.ts';

const none = new CallbackRules({ callbackHosts: [], callbackNetworks: [] });

describe('where events may be sent', () => {
  test.each(['8.8.8.8', '172.32.0.1', '192.167.255.255', '100.128.0.1', '2606:4700::1111', '2a00::1'])(
    '%s is public',
    (address) => {
      expect(none.allows('example.com', address)).toBe(true);
    },
  );

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '100::1',
  ])('%s is not', (address) => {
    expect(none.allows('example.com', address)).toBe(false);
  });

  test('what the operator names may be reached as well, and nothing else', () => {
    const rules = new CallbackRules({
      callbackHosts: ['hooks.internal', '*.example.com'],
      callbackNetworks: ['127.0.0.0/8', 'fd00::5'],
    });
    expect(rules.allows('hooks.internal', '10.0.0.1')).toBe(true);
    expect(rules.allows('HOOKS.internal.', '10.0.0.1')).toBe(true);
    expect(rules.allows('a.b.example.com', '10.0.0.1')).toBe(true);
    expect(rules.allows('example.com', '10.0.0.1')).toBe(false);
    expect(rules.allows('evilexample.com', '10.0.0.1')).toBe(false);
    expect(rules.allows('not.hooks.internal', '10.0.0.1')).toBe(false);
    expect(rules.allows('anything', '127.3.2.1')).toBe(true);
    expect(rules.allows('anything', '::ffff:127.3.2.1')).toBe(true);
    expect(rules.allows('anything', 'fd00::5')).toBe(true);
    expect(rules.allows('anything', 'fd00::6')).toBe(false);
  });

  test('an address in place of a name is known by what it is', () => {
    expect(literalAddress('[::1]')).toBe('::1');
    expect(literalAddress('127.0.0.1')).toBe('127.0.0.1');
    expect(literalAddress('example.com')).toBeUndefined();
  });
});
