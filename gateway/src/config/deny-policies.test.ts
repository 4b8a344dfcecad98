import { describe, expect, test } from 'vitest';
import { sampleApi } from '../../test/proxy/sample.ts';
import type { DenyPolicy } from '../policy/deny.ts';
import { readDenyPolicies } from './deny-policies.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { ThrottlingSwitches } from './throttling-table.ts';
import { parseYamlFile } from './yaml-file.ts';

const api = sampleApi();

function read(text: string, switches: ThrottlingSwitches = {}) {
  const found: Diagnostic[] = [];
  const source = parseYamlFile({ path: 'deny-policies/x.yaml', text }, (diagnostic) =>
    found.push(diagnostic),
  );
  const policies = readDenyPolicies(source ? [source] : [], { apis: [api], switches });
  const findings = found.map(
    ({ severity, code, at, message }) => `${at.line} ${severity} ${code}: ${message}`,
  );
  return { policies, findings };
}

describe('a deny policy', () => {
  test.each<[string, DenyPolicy]>([
    ['{conditionType: API, conditionValue: /orders/1.0.0}', { kind: 'api', context: '/orders/1.0.0' }],
    [
      '{conditionId: x, conditionType: APPLICATION, conditionValue: "alice:Mobile:App", conditionStatus: true}',
      { kind: 'application', owner: 'alice', name: 'Mobile:App' },
    ],
    [
      '{conditionType: APPLICATION, conditionValue: "a%3ab%25:App%3A"}',
      { kind: 'application', owner: 'a:b%', name: 'App%3A' },
    ],
    ['{conditionType: USER, conditionValue: alice@acme.com}', { kind: 'user', user: 'alice@acme.com' }],
    ['{conditionType: USER, conditionValue: alice}', { kind: 'user', user: 'alice@carbon.super' }],
    [
      '{"conditionType":"IP","conditionValue":{"fixedIp":"10.0.0.7","invert":false},"conditionStatus":"true"}',
      {
        kind: 'address',
        tenant: 'carbon.super',
        inverted: false,
        range: { from: 167_772_167, to: 167_772_167 },
      },
    ],
    [
      '{conditionType: IPRANGE, conditionValue: {startingIp: "::1", endingIp: "::9", invert: true}, tenantDomain: acme.com}',
      { kind: 'address', tenant: 'acme.com', inverted: true, range: { from: 1n, to: 9n } },
    ],
    [
      '{conditionType: SUBSCRIPTION, conditionValue: "/orders/1.0.0:1.0.0:john%2Ddoe-App:SANDBOX"}',
      {
        kind: 'subscription',
        context: '/orders/1.0.0',
        version: '1.0.0',
        owner: 'john-doe',
        application: 'App',
        keyType: 'SANDBOX',
      },
    ],
  ])('%s', (text, policy) => {
    expect(read(text)).toEqual({ policies: [policy], findings: [] });
  });

  test('several may stand in one file, and those that are switched off are left out', () => {
    const { policies, findings } = read(`
- {conditionType: USER, conditionValue: a@carbon.super}
- {conditionType: USER, conditionValue: b@carbon.super, conditionStatus: false}
- {conditionType: USER, conditionValue: c@carbon.super, conditionStatus: null}
`);
    expect(findings).toEqual([]);
    expect(policies).toEqual([
      { kind: 'user', user: 'a@carbon.super' },
      { kind: 'user', user: 'c@carbon.super' },
    ]);
  });

  test.each<[string, RegExp]>([
    ['{conditionValue: x}', /error missing-value: conditionType is missing/],
    ['{conditionType: COUNTRY, conditionValue: x}', /error invalid-value: conditionType/],
    ['{conditionType: API}', /error missing-value: conditionValue/],
    ['{conditionType: API, conditionValue: orders}', /error invalid-value: conditionValue.*context/],
    ['{conditionType: APPLICATION, conditionValue: MobileApp}', /owner and the name/],
    ['{conditionType: USER, conditionValue: {user: alice}}', /found a mapping, expected a user/],
    ['{conditionType: IP, conditionValue: 10.0.0.7}', /error invalid-value: conditionValue/],
    ['{conditionType: IP, conditionValue: {invert: false}}', /error missing-value: fixedIp is missing/],
    ['{conditionType: IP, conditionValue: {fixedIp: 10.0.0.0/8}}', /error invalid-value: fixedIp/],
    ['{conditionType: IPRANGE, conditionValue: {startingIp: 10.0.0.9, endingIp: 10.0.0.1}}', /lower/],
    [
      '{conditionType: IP, conditionValue: {fixedIp: x}, conditionStatus: false}',
      /error invalid-value: fixedIp/,
    ],
    [
      '{conditionType: SUBSCRIPTION, conditionValue: "/orders/1.0.0:alice-App:PRODUCTION"}',
      /subscription, such as/,
    ],
  ])('%s is an error', (text, message) => {
    const { findings } = read(text);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(message);
  });

  test('that can refuse nobody is a warning, and so is one that may be read in two ways', () => {
    expect(read('{conditionType: API, conditionValue: /orders}').findings).toEqual([
      expect.stringMatching(/^1 warning unknown-api: No API is served at "\/orders"/),
    ]);
    const hyphens = '{conditionType: SUBSCRIPTION, conditionValue: "/orders/1.0.0:1.0.0:a-b-c:SANDBOX"}';
    expect(read(hyphens).findings).toEqual([
      expect.stringMatching(/^1 warning invalid-value: .* the application "b-c" of "a"/),
    ]);
  });

  test('refuses nobody where WSO2 has switched them off, which is a warning', () => {
    const off = read('{conditionType: USER, conditionValue: alice@carbon.super}', { denyPolicies: false });
    expect(off.policies).toEqual([]);
    expect(off.findings).toEqual([
      expect.stringMatching(/^1 warning condition-switch: enable_blacklist_condition/),
    ]);
  });
});
