import { describe, expect, test } from 'vitest';
import { readCustomRules } from './custom-rule.ts';
import type { Diagnostic } from './diagnostic.ts';
import { readPolicies } from './policy-book.ts';
import { parseYamlFile } from './yaml-file.ts';

const eligibility =
  "FROM RequestStream SELECT userId, (apiContext == '/orders/1.0.0') AS isEligible, str:concat(userId, ':', apiContext) AS throttleKey INSERT INTO EligibilityStream;";
const counting =
  'FROM EligibilityStream[isEligible==true]#throttler:timeBatch(1 min, 0) SELECT throttleKey, (count(userId) >= 10) AS isThrottled, expiryTimeStamp GROUP BY throttleKey INSERT ALL EVENTS INTO ResultStream;';

function file(template: string, ...lines: readonly string[]): string {
  return `type: throttling policy
subtype: custom rule
version: v4.7.0
data:
  policyId: 6f1c7c1e-2f0b-4a55-9a53-6e2f3a3c0004
  policyName: Rule
  displayName: null
  keyTemplate: ${template}
  siddhiQuery: |
${lines.map((line) => `    ${line}`).join('\n')}
`;
}

function read(...texts: readonly string[]) {
  const found: Diagnostic[] = [];
  const files = texts.map((text, index) => {
    const path = `policies/${index}.yaml`;
    return { path, source: parseYamlFile({ path, text }, (diagnostic) => found.push(diagnostic)) };
  });
  readPolicies(files);
  const rules = readCustomRules(files.flatMap(({ source }) => source ?? []));
  const findings = found.map(
    ({ severity, code, at, message }) => `${at.line}:${at.column} ${severity} ${code}: ${message}`,
  );
  return { rules, findings };
}

describe('a custom rule', () => {
  test('as apictl exports it', () => {
    expect(read(file('$userId:$apiContext', eligibility, counting))).toEqual({
      rules: [
        {
          name: 'Rule',
          limit: { kind: 'fixed-window', quota: 10, windowMs: 60_000, starts: 'aligned' },
          eligible: { kind: 'equal', operands: [{ field: 'apiContext' }, { text: '/orders/1.0.0' }] },
          key: [{ field: 'userId' }, { text: ':' }, { field: 'apiContext' }],
        },
      ],
      findings: [],
    });
  });

  test("as WSO2's documents have it: constants in the key, a window from the first request, keywords in any case", () => {
    const { rules, findings } = read(
      file(
        '$userId:$apiContext:$apiVersion',
        'from RequestStream -- all of them',
        "select userId, ( userId == 'admin@carbon.super'  and apiContext == '/pizzashack/1.0.0' and apiVersion == '1.0.0') as isEligible ,",
        "str:concat('admin@carbon.super',':','/pizzashack/1.0.0:1.0.0') as throttleKey",
        'insert into EligibilityStream;',
        '',
        'from EligibilityStream[isEligible==true]#throttler:timeBatch(1 min)',
        'select throttleKey, (count(userId) >= 5) as isThrottled, expiryTimeStamp group by throttleKey',
        'INSERT ALL EVENTS into ResultStream;',
      ),
    );
    expect(findings).toEqual([]);
    expect(rules[0]?.limit).toMatchObject({ quota: 5, starts: 'first-request' });
    expect(rules[0]?.key.filter((part) => 'field' in part)).toHaveLength(3);
  });

  test('the key may be one field, or hold the address', () => {
    const either = eligibility
      .replace("str:concat(userId, ':', apiContext)", 'apiContext')
      .replace(
        "(apiContext == '/orders/1.0.0')",
        "(apiContext == '/a' or not (apiContext != '/b')) AND true",
      );
    expect(read(file('$apiContext', either, counting)).findings).toEqual([]);
    const address = "str:concat(apiContext, '_', cast(map:get(propertiesMap,'ip'),'string'))";
    const byAddress = eligibility.replace("str:concat(userId, ':', apiContext)", address);
    const { rules, findings } = read(file('$apiContext_$clientIp', byAddress, counting));
    expect(findings).toEqual([]);
    expect(rules[0]?.key.at(-1)).toEqual({ field: 'clientIp' });
  });

  test.each<[string, string, string]>([
    // What the query has instead of what, and the piece of it that can't be taken.
    ['#throttler:timeBatch(1 min, 0)', '#window.time(1 min)', 'window'],
    ['timeBatch(1 min, 0)', 'timeBatch(1 min, 500)', '500'],
    ['timeBatch(1 min', 'timeBatch(0 min', '0'],
    ['count(userId) >=', 'count(userId) >', '>'],
    ['count(userId) >= 10', 'sum(userId) >= 10', 'sum'],
    ['count(userId) >= 10', 'count(userId) >= 1.5', '1.5'],
    ['GROUP BY throttleKey', 'GROUP BY userId', 'userId'],
    ['GROUP BY throttleKey INSERT ALL', 'INSERT ALL', 'INSERT'],
    ["apiContext == '/orders/1.0.0'", "regex:find('x', apiContext)", 'regex'],
    ["apiContext == '/orders/1.0.0'", 'messageID == messageID', 'messageID'],
    ["apiContext == '/orders/1.0.0'", 'apiContext == 5', '5'],
    ["apiContext == '/orders/1.0.0'", "apiContext > 'a'", '>'],
    ['str:concat(userId', "str:concat(map:get(propertiesMap,'x')", 'map'],
    ['RequestStream', 'OtherStream', 'OtherStream'],
    ['SELECT userId, (', 'SELECT userId as who, (', 'userId'],
    ['SELECT userId, (', 'SELECT userId, ?(', '?'],
    ['INTO ResultStream;', 'INTO ResultStream; define', 'define'],
  ])('%s instead of %s is an error at its place', (from, to, wrong) => {
    const text = file('$userId:$apiContext', eligibility, counting).replace(from, () => to);
    const before = text.slice(0, text.indexOf(to) + to.indexOf(wrong)).split('\n');
    const { rules, findings } = read(text);
    expect(rules).toEqual([]);
    expect(findings).toHaveLength(1);
    const place = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    expect(findings[0]?.startsWith(`${place} error not-supported: `), `${place}: ${findings[0]}`).toBe(true);
    expect(findings[0]).toContain(`found ${JSON.stringify(wrong)}`);
  });

  test.each<[string, string, string]>([
    ['str:concat(userId, ', "str:concat('x', userId, ", '8:16 error conflict'],
    ["':', apiContext)", "':', apiVersion)", '8:16 error conflict'],
    ['timeBatch(1 min', 'timeBatch(1 fortnight', '9:3 error invalid-value: timeUnit'],
    ['timeBatch(1 min', 'timeBatch(400 day', '9:3 error invalid-value: unitTime'],
    ['>= 10', '>= 9999999999999999', '9:16 error invalid-value'],
  ])('%s instead of %s is an error, too', (from, to, finding) => {
    const { rules, findings } = read(
      file('$userId:$apiContext', eligibility, counting).replace(from, () => to),
    );
    expect(rules).toEqual([]);
    expect(findings).toEqual([expect.stringContaining(finding)]);
  });

  test('says what it found where, also in a query of one line', () => {
    const query = 'FROM RequestStream WHERE x';
    const text = `type: throttling policy\nsubtype: custom rule\ndata: {policyName: R, keyTemplate: $userId, siddhiQuery: "${query}"}\n`;
    expect(read(text).findings).toEqual([
      '3:58 error not-supported: siddhiQuery, line 1, column 20: found "WHERE", expected SELECT.',
    ]);
  });

  test('a property of a handler that is not here is not supported', () => {
    const { findings } = read(file('$userId:$customProperty.plan', eligibility, counting));
    expect(findings).toEqual([
      expect.stringMatching(/^8:16 error not-supported: keyTemplate: \$customProperty\.plan/),
    ]);
  });

  test('two of one name are an error, and a missing part is one', () => {
    const text = file('$userId:$apiContext', eligibility, counting);
    expect(read(text, text).findings).toEqual([
      expect.stringMatching(/^6:15 error duplicate: .*policies\/0.yaml:6/),
    ]);
    expect(read(text.replace('keyTemplate', 'template')).findings).toContainEqual(
      expect.stringMatching(/error missing-value: keyTemplate/),
    );
  });

  test('nests no deeper than anybody reads', () => {
    const deep = eligibility.replace(/\((apiContext ==.*?)\)/, `${'('.repeat(60)}$1${')'.repeat(60)}`);
    const { findings } = read(file('$userId:$apiContext', deep, counting));
    expect(findings[0]).toMatch(/a simpler expression/);
  });
});
