import { describe, expect, test } from 'vitest';
import { checkedPattern } from '../config/pattern.ts';
import { Conditions, type Condition } from './conditions.ts';
import { ipNumber } from './ip-number.ts';
import type { RequestDetails } from './request-details.ts';

interface Seen {
  readonly address?: string;
  readonly fields?: Readonly<Record<string, readonly string[]>>;
  readonly parameters?: Readonly<Record<string, readonly string[]>>;
  readonly claims?: RequestDetails['claims'];
}

function detailsOf({ address, fields = {}, parameters = {}, claims }: Seen): RequestDetails {
  return {
    address: address === undefined ? undefined : ipNumber(address),
    fieldValues: (name) => fields[name] ?? [],
    parameterValues: (name) => parameters[name] ?? [],
    claims,
  };
}

function address(from: string, to = from, inverted = false): Condition {
  return { kind: 'address', inverted, range: { from: ipNumber(from), to: ipNumber(to) } };
}

function written(kind: 'field' | 'parameter' | 'claim', pattern: string, inverted = false): Condition {
  return { kind, inverted, name: 'x', pattern };
}

function holds(condition: Condition, seen: Seen): boolean {
  return new Conditions([[condition]], checkedPattern).match(detailsOf(seen)) === 0;
}

describe('a condition on the address', () => {
  const whole = ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'] as const;
  test.each<[readonly [string, string], string, boolean]>([
    [['10.0.0.7', '10.0.0.7'], '10.0.0.7', true],
    [['10.0.0.7', '10.0.0.7'], '::ffff:10.0.0.7', true],
    [['10.0.0.7', '10.0.0.7'], '10.0.0.8', false],
    [['::ffff:10.0.0.7', '::ffff:10.0.0.7'], '10.0.0.7', true],
    [['10.1.0.1', '10.1.0.254'], '10.1.0.1', true],
    [['10.1.0.1', '10.1.0.254'], '10.1.0.254', true],
    [['10.1.0.1', '10.1.0.254'], '10.1.0.0', false],
    [['10.1.0.1', '10.1.0.254'], '10.1.0.255', false],
    [['9.0.0.0', '10.0.0.0'], '9.255.255.255', true],
    [['2001:db8::1', '2001:db8::ff'], '2001:db8::ff', true],
    [['2001:db8::1', '2001:db8::ff'], '2001:db8::100', false],
    [whole, '2001:db8::100', true],
    [whole, '10.0.0.7', false],
  ])('%s holds for %s: %s, and the opposite inverted', ([from, to], client, expected) => {
    expect(holds(address(from, to), { address: client })).toBe(expected);
    expect(holds(address(from, to, true), { address: client })).toBe(!expected);
  });

  test('holds for nobody whose address is unknown', () => {
    expect(holds(address('10.0.0.7'), {})).toBe(false);
    expect(holds(address('10.0.0.7', '10.0.0.7', true), {})).toBe(false);
  });
});

describe('a condition on what a client writes', () => {
  test.each<[string, readonly string[], boolean, boolean]>([
    // The pattern, the values, whether it holds, and whether it holds inverted.
    ['^okhttp', ['okhttp/3.1'], true, false],
    ['^okhttp', ['an okhttp'], false, true],
    ['Mobile|Android', ['Mozilla (Android 14)'], true, false],
    ['true', ['untrue'], true, false],
    ['^true$', ['true '], false, true],
    ['a.c', ['xabcx'], true, false],
    ['(?i)gold', ['GOLD'], true, false],
    ['gold', [], false, true],
    ['gold', [''], false, true],
    // Another value takes nothing back.
    ['gold', ['silver', 'gold'], true, true],
    ['gold', ['gold', 'silver'], true, true],
    ['gold', ['gold', 'gold'], true, false],
  ])('%j in %j: %s, inverted %s', (pattern, values, plain, inverted) => {
    for (const kind of ['field', 'parameter'] as const) {
      const seen = { fields: { x: values }, parameters: { x: values } };
      expect(holds(written(kind, pattern), seen)).toBe(plain);
      expect(holds(written(kind, pattern, true), seen)).toBe(inverted);
    }
  });

  test('holds where there is more than anybody would look through', () => {
    const pattern = '[a-z]*a[a-m]{90}[0-9]';
    const padded = ['ab'.repeat(4000), 'x'];
    for (const inverted of [false, true]) {
      expect(holds(written('field', pattern, inverted), { fields: { x: padded } })).toBe(true);
    }
  });
});

describe('a condition on a claim', () => {
  test.each<[unknown, boolean]>([
    ['Premium', true],
    ['Basic', false],
    [['Basic', 'Premium'], true],
    [[], false],
    [undefined, false],
    [null, false],
    [{ Premium: true }, false],
  ])('Premium in %j: %s, and the opposite inverted', (claim, expected) => {
    const seen = { claims: { x: claim } };
    expect(holds(written('claim', 'Premium'), seen)).toBe(expected);
    expect(holds(written('claim', 'Premium', true), seen)).toBe(!expected);
  });

  test('numbers and truth values are compared as they are written', () => {
    expect(holds(written('claim', '^42$'), { claims: { x: 42 } })).toBe(true);
    expect(holds(written('claim', '^true$'), { claims: { x: true } })).toBe(true);
    expect(holds(written('claim', 'x'), {})).toBe(false);
  });

  test('a claim is only what the token says, not what every object has', () => {
    const inherited: Condition = { kind: 'claim', inverted: false, name: 'constructor', pattern: '' };
    expect(holds(inherited, { claims: {} })).toBe(false);
  });
});

test('all conditions of a group must hold, and the first such group is the one', () => {
  const office = address('10.1.0.1', '10.1.0.254');
  const conditions = new Conditions(
    [[office, written('field', '^okhttp')], [office], [written('parameter', 'debug')]],
    checkedPattern,
  );
  const match = (seen: Seen): number => conditions.match(detailsOf(seen));
  expect(match({ address: '10.1.0.9', fields: { x: ['okhttp/1'] }, parameters: { x: ['debug'] } })).toBe(0);
  expect(match({ address: '10.1.0.9', fields: { x: ['curl/1'] }, parameters: { x: ['debug'] } })).toBe(1);
  expect(match({ address: '10.2.0.9', fields: { x: ['okhttp/1'] }, parameters: { x: ['debug'] } })).toBe(2);
  expect(match({ address: '10.2.0.9', fields: { x: ['okhttp/1'] } })).toBe(3);
});
