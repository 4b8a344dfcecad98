import type { CustomRule, Eligibility, KeyPart } from '../policy/custom-rule.ts';
import type { RuleField } from '../policy/rule-fields.ts';
import { checkFields } from './check-value.ts';
import { mapping, text } from './expected.ts';
import { windowOf } from './quotas.ts';
import { parseSiddhiQuery, type SiddhiQuery } from './siddhi-query.ts';
import { SiddhiProblem } from './siddhi-tokens.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';
import { unitsMax } from '../limits/limit.ts';

const schema = mapping(
  {
    policyName: text({ expected: 'the name of the rule, 1 to 60 characters', charactersMax: 60 }),
    keyTemplate: text({ expected: 'a key template such as "$userId:$apiContext"', charactersMax: 1000 }),
  },
  ['policyId', 'displayName', 'description', 'isDeployed', 'type', 'siddhiQuery'],
);

const queryCharactersMax = 10_000;
const queryPath: Path = ['data', 'siddhiQuery'];

/** Reads all custom rules among the policies; two of one name are an error at the second. */
export function readCustomRules(sources: readonly SourceFile[]): readonly CustomRule[] {
  const places = new Map<string, string>();
  return sources.flatMap((source) => {
    if (valueAt(source.value, ['subtype']) !== 'custom rule') return [];
    const rule = readCustomRule(source);
    if (rule === undefined) return [];
    const path = ['data', 'policyName'];
    const first = places.get(rule.name);
    if (first !== undefined) {
      const message = `There is another custom rule named ${JSON.stringify(rule.name)}, at ${first}.`;
      source.error({ code: 'duplicate', path, message });
      return [];
    }
    const { file, line } = source.place(path);
    places.set(rule.name, `${file}:${line}`);
    return [rule];
  });
}

/** Reads one custom rule as apictl exports it (wso2.md 4.1). Gives nothing when it has errors, which are reported. */
function readCustomRule(source: SourceFile): CustomRule | undefined {
  const { policyName: name, keyTemplate: template } = checkFields(source, schema, ['data']);
  const query = readQuery(source);
  if (name === undefined || template === undefined || query === undefined) return undefined;
  const key = templateParts(template);
  const custom = /\$customProperty\.[\w.-]*/.exec(template)?.[0];
  if (custom !== undefined) {
    const message = `keyTemplate: ${custom} is not supported: there is no handler that could give it a value.`;
    source.error({ code: 'not-supported', path: ['data', 'keyTemplate'], message });
    return undefined;
  }
  if (query.count > unitsMax) {
    const message = `siddhiQuery: a count of ${query.count} is more than ${unitsMax}.`;
    source.error({ code: 'invalid-value', path: queryPath, message });
    return undefined;
  }
  if (!agree(key, query)) {
    const message =
      'The throttleKey of siddhiQuery is not what keyTemplate stands for, so the rule would limit nothing.';
    const hint = "Write $userId:$apiContext and str:concat(userId, ':', apiContext), for example.";
    source.error({ code: 'conflict', path: ['data', 'keyTemplate'], message, hint });
    return undefined;
  }
  const windowMs = windowOf(source, queryPath, query);
  if (windowMs === undefined) return undefined;
  const { eligible, starts, count: quota } = query;
  return { name, limit: { kind: 'fixed-window', quota, windowMs, starts }, eligible, key };
}

function readQuery(source: SourceFile): SiddhiQuery | undefined {
  const written = valueAt(source.value, queryPath);
  if (typeof written !== 'string' || written.length > queryCharactersMax) {
    const expected = `a query of at most ${queryCharactersMax} characters`;
    const code = written === undefined ? 'missing-value' : 'invalid-value';
    source.error({ code, path: queryPath, message: `siddhiQuery: expected ${expected}.` });
    return undefined;
  }
  const query = parseSiddhiQuery(written);
  if (!(query instanceof SiddhiProblem)) return query;
  const { message, at } = query;
  source.error({
    code: 'not-supported',
    path: queryPath,
    inside: at,
    message: `siddhiQuery, line ${at.line}, column ${at.column}: ${message}.`,
    hint: 'docs/reference/policies.md shows the part of Siddhi that is supported.',
  });
  return undefined;
}

const placeholder = /\$(resourceKey|userId|apiContext|apiVersion|appTenant|apiTenant|appId|clientIp)/;

/** The texts and placeholders of a template, in their order. */
function templateParts(template: string): readonly KeyPart[] {
  return template
    .split(placeholder)
    .map((piece, index): KeyPart => (index % 2 === 0 ? { text: piece } : { field: placeholderField(piece) }))
    .filter((part) => !('text' in part) || part.text !== '');
}

const placeholderFields = [
  'resourceKey',
  'userId',
  'apiContext',
  'apiVersion',
  'appTenant',
  'apiTenant',
  'appId',
  'clientIp',
] as const;

function placeholderField(name: string): (typeof placeholderFields)[number] {
  const field = placeholderFields.find((one) => one === name);
  if (field === undefined) throw new Error('a placeholder that the pattern knows has no field');
  return field;
}

type FixedFields = Map<RuleField | 'clientIp', string>;

/** Whether both spell the same for every eligible request. */
function agree(template: readonly KeyPart[], { key, eligible }: SiddhiQuery): boolean {
  const fixed: FixedFields = new Map();
  fixFields(eligible, fixed);
  return spelled(template, fixed) === spelled(key, fixed);
}

/** Adds the fields that have one value only in every eligible request. */
function fixFields(eligible: Eligibility, fixed: FixedFields): void {
  if (eligible.kind === 'and') for (const part of eligible.of) fixFields(part, fixed);
  if (eligible.kind !== 'equal') return;
  const [left, right] = eligible.operands;
  if ('field' in left && 'text' in right) fixed.set(left.field, right.text);
  if ('text' in left && 'field' in right) fixed.set(right.field, left.text);
}

/** A key as one text, in which no text looks like a field. */
function spelled(key: readonly KeyPart[], fixed: FixedFields): string {
  return key
    .map((part) => {
      const value = 'text' in part ? part.text : fixed.get(part.field);
      return value === undefined && 'field' in part ? `\0${part.field}\0` : value;
    })
    .join('');
}
