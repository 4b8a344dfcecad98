import { describe, expect, test } from 'vitest';
import type { Condition } from '../policy/conditions.ts';
import type { Diagnostic } from './diagnostic.ts';
import { readPolicies } from './policy-book.ts';
import type { ThrottlingSwitches } from './throttling-table.ts';
import { parseYamlFile } from './yaml-file.ts';

const allOn: ThrottlingSwitches = { headers: true, parameters: true, claims: true };

/** Reads an advanced policy with these groups, as YAML in one line each, and looks it up. */
function read(groups: readonly string[], switches: ThrottlingSwitches = allOn) {
  const found: Diagnostic[] = [];
  const text = `type: throttling policy
subtype: advanced policy
data:
  policyName: P
  defaultLimit: {type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: min, unitTime: 1, requestCount: 9}}
  conditionalGroups:${groups.map((group) => `\n    - ${group}`).join('') || ' []'}
`;
  const source = parseYamlFile({ path: 'policies/P.yaml', text }, (diagnostic) => found.push(diagnostic));
  const book = readPolicies([{ path: 'policies/P.yaml', source }], switches);
  const user = parseYamlFile({ path: 'user.yaml', text: 'x: 1' }, (diagnostic) => found.push(diagnostic));
  const policy = user && book.advanced.find('P', user, []);
  const findings = found.map(
    ({ severity, code, at, message }) => `${at.line} ${severity} ${code}: ${message}`,
  );
  return { policy, findings };
}

const limit = 'limit: {type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: min, unitTime: 1, requestCount: 5}}';
const groupOf = (...conditions: readonly string[]): string =>
  `{description: x, conditions: [${conditions.join(', ')}], ${limit}}`;

describe('the conditions of a policy', () => {
  test.each<[string, Condition]>([
    [
      '{type: IPCONDITION, invertCondition: true, headerCondition: null, ipCondition: {ipConditionType: IPSPECIFIC, specificIP: 10.0.0.7, startingIP: null, endingIP: null}}',
      { kind: 'address', inverted: true, range: { from: 167_772_167, to: 167_772_167 } },
    ],
    [
      '{type: IPCONDITION, ipCondition: {ipConditionType: IPRANGE, startingIP: "2001:db8::1", endingIP: "2001:DB8::2"}}',
      {
        kind: 'address',
        inverted: false,
        range: { from: 0x20010db8000000000000000000000001n, to: 0x20010db8000000000000000000000002n },
      },
    ],
    [
      '{type: HEADERCONDITION, invertCondition: null, headerCondition: {headerName: User-Agent, headerValue: "^okhttp"}}',
      { kind: 'field', inverted: false, name: 'user-agent', pattern: '^okhttp' },
    ],
    [
      '{type: QUERYPARAMETERCONDITION, queryParameterCondition: {parameterName: Debug, parameterValue: "true"}}',
      { kind: 'parameter', inverted: false, name: 'Debug', pattern: 'true' },
    ],
    [
      '{type: JWTCLAIMSCONDITION, invertCondition: "true", jwtClaimsCondition: {claimUrl: http://wso2.org/claims/tier, attribute: Premium}}',
      { kind: 'claim', inverted: true, name: 'http://wso2.org/claims/tier', pattern: 'Premium' },
    ],
  ])('%s', (written, condition) => {
    const { policy, findings } = read([groupOf(written)]);
    expect(findings).toEqual([]);
    expect(policy?.groups?.[0]?.conditions).toEqual([condition]);
  });

  test('groups stay in their order, each with its limit', () => {
    const header = '{type: HEADERCONDITION, headerCondition: {headerName: A, headerValue: b}}';
    const other = groupOf(header).replace('requestCount: 5', 'requestCount: 0');
    const { policy } = read([groupOf(header, header), other]);
    expect(policy?.groups?.map(({ conditions }) => conditions.length)).toEqual([2, 1]);
    expect(policy?.groups?.map((group) => group.limits?.[0]?.limit.quota)).toEqual([5, 0]);
    expect(policy?.limits?.[0]?.limit.quota).toBe(9);
    expect(read([]).policy).toEqual({ name: 'P', limits: policy?.limits });
  });

  test.each<[string, RegExp]>([
    ['{conditions: []}', /conditions: found a list, expected a list of 1 to 100 conditions/],
    ['{type: COOKIECONDITION}', /type: found a string "COOKIECONDITION", expected one of/],
    ['{type: IPCONDITION}', /ipCondition is missing/],
    ['{type: IPCONDITION, ipCondition: {ipConditionType: IPSPECIFIC}}', /specificIP is missing/],
    [
      '{type: IPCONDITION, ipCondition: {ipConditionType: IPSPECIFIC, specificIP: 10.0.0.300}}',
      /specificIP: found/,
    ],
    [
      '{type: IPCONDITION, ipCondition: {ipConditionType: IPRANGE, startingIP: 10.0.0.9, endingIP: 10.0.0.1}}',
      /lower/,
    ],
    [
      '{type: IPCONDITION, ipCondition: {ipConditionType: IPRANGE, startingIP: 10.0.0.9, endingIP: "::1"}}',
      /family/,
    ],
    ['{type: HEADERCONDITION, headerCondition: {headerName: A b, headerValue: x}}', /headerName/],
    [
      '{type: HEADERCONDITION, headerCondition: {headerName: A, headerValue: "a(?=b)"}}',
      /headerValue.*linear/,
    ],
    [
      '{type: QUERYPARAMETERCONDITION, queryParameterCondition: {parameterName: a, parameterValue: "(a)\\\\1"}}',
      /\\1/,
    ],
    ['{type: JWTCLAIMSCONDITION, jwtClaimsCondition: {claimUrl: a, attribute: ""}}', /attribute/],
  ])('%s is an error at its line', (written, message) => {
    const group = written.startsWith('{conditions') ? `${written.slice(0, -1)}, ${limit}}` : groupOf(written);
    const { findings } = read([group]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^7 error /);
    expect(findings[0]).toMatch(message);
  });
});

describe("WSO2's switches for conditions", () => {
  const header = groupOf('{type: HEADERCONDITION, headerCondition: {headerName: A, headerValue: b}}');
  const address = groupOf(
    '{type: IPCONDITION, ipCondition: {ipConditionType: IPSPECIFIC, specificIP: 10.0.0.7}}',
  );

  test('absent: conditions are applied, with a note', () => {
    const { policy, findings } = read([header, address], {});
    expect(policy?.groups).toHaveLength(2);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^7 note condition-switch: .*enable_header_based_throttling = true/);
  });

  test('false: the group applies to nobody, with a warning', () => {
    const { policy, findings } = read([header, address], { ...allOn, headers: false });
    expect(policy?.groups?.map(({ conditions }) => conditions[0]?.kind)).toEqual(['address']);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^7 warning condition-switch: enable_header_based_throttling is false/);
  });

  test('others say nothing about headers, and none about addresses', () => {
    expect(read([header, address], { headers: true, parameters: false, claims: false }).findings).toEqual([]);
  });
});
