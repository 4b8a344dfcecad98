import * as z from 'zod';
import type { Condition } from '../policy/conditions.ts';
import type { IpRange } from '../policy/ip-ranges.ts';
import { checkFields } from './check-value.ts';
import { flag, headerName, listOf, mapping, oneOf, text } from './expected.ts';
import { readIpRange } from './ip-range.ts';
import { compilePattern } from './pattern.ts';
import type { Path, SourceFile } from './source-file.ts';
import { switchKeys, type ThrottlingSwitches } from './throttling-table.ts';

const conditionSchema = mapping({
  type: oneOf(['IPCONDITION', 'HEADERCONDITION', 'QUERYPARAMETERCONDITION', 'JWTCLAIMSCONDITION']),
  invertCondition: flag().nullish(),
  ipCondition: z.unknown().optional(),
  headerCondition: z.unknown().optional(),
  queryParameterCondition: z.unknown().optional(),
  jwtClaimsCondition: z.unknown().optional(),
});

const ipSchema = mapping({
  ipConditionType: oneOf(['IPSPECIFIC', 'IPRANGE']),
  specificIP: z.string().nullish(),
  startingIP: z.string().nullish(),
  endingIP: z.string().nullish(),
});

const regularExpression = z
  .string({ error: 'a regular expression' })
  .min(1, { error: 'a regular expression' });
const headerSchema = mapping({
  headerName: headerName(200),
  headerValue: regularExpression,
});
const parameterSchema = mapping({
  parameterName: text({ expected: 'the name of a query parameter', charactersMax: 200 }),
  parameterValue: regularExpression,
});
const claimSchema = mapping({
  claimUrl: text({ expected: 'the name of a claim', charactersMax: 500 }),
  attribute: regularExpression,
});

/** A condition list of a group; more than this is no policy that a person wrote. */
export const conditionsSchema: z.ZodType<unknown[]> = listOf(z.unknown(), '1 to 100 conditions', {
  from: 1,
  to: 100,
});

/**
 * Reads the conditions of one group. Nothing when one of them is wrong, which is reported, or switched off, so that the group
 * matches no request.
 */
export function readConditions(
  source: SourceFile,
  {
    path,
    count,
    switches,
  }: { readonly path: Path; readonly count: number; readonly switches: ThrottlingSwitches },
): readonly Condition[] | undefined {
  const conditions = Array.from({ length: count }, (_, index) => readCondition(source, [...path, index]));
  const read = conditions.filter((condition) => condition !== undefined);
  if (read.length < count) return undefined;
  const states = conditions.map((condition, index) => isOn(source, [...path, index], switches, condition));
  return states.every(Boolean) ? read : undefined;
}

function readCondition(source: SourceFile, path: Path): Condition | undefined {
  const { type, invertCondition } = checkFields(source, conditionSchema, path);
  const inverted = invertCondition ?? false;
  switch (type) {
    case undefined:
      return undefined;
    case 'IPCONDITION': {
      const range = readIp(source, [...path, 'ipCondition']);
      return range && { kind: 'address', inverted, range };
    }
    case 'HEADERCONDITION': {
      const at = [...path, 'headerCondition'];
      const { headerName: name, headerValue: pattern } = checkFields(source, headerSchema, at);
      if (!isSound(source, [...at, 'headerValue'], pattern) || name === undefined) return undefined;
      return { kind: 'field', inverted, name: name.toLowerCase(), pattern };
    }
    case 'QUERYPARAMETERCONDITION': {
      const at = [...path, 'queryParameterCondition'];
      const { parameterName: name, parameterValue: pattern } = checkFields(source, parameterSchema, at);
      if (!isSound(source, [...at, 'parameterValue'], pattern) || name === undefined) return undefined;
      return { kind: 'parameter', inverted, name, pattern };
    }
    case 'JWTCLAIMSCONDITION': {
      const at = [...path, 'jwtClaimsCondition'];
      const { claimUrl: name, attribute: pattern } = checkFields(source, claimSchema, at);
      if (!isSound(source, [...at, 'attribute'], pattern) || name === undefined) return undefined;
      return { kind: 'claim', inverted, name, pattern };
    }
    default:
      return type satisfies never;
  }
}

/** Whether a pattern is there and can be compiled; that it is missing has been reported. */
function isSound(source: SourceFile, path: Path, pattern: string | undefined): pattern is string {
  if (pattern === undefined) return false;
  const compiled = compilePattern(pattern);
  if (typeof compiled !== 'string') return true;
  const name = path.at(-1);
  source.error({ code: 'invalid-value', path, message: `${name}: the pattern can't be used: ${compiled}.` });
  return false;
}

function readIp(source: SourceFile, path: Path): IpRange | undefined {
  const { ipConditionType: type } = checkFields(source, ipSchema, path);
  if (type === undefined) return undefined;
  const range = type === 'IPSPECIFIC';
  return readIpRange(source, path, range ? ['specificIP', 'specificIP'] : ['startingIP', 'endingIP']);
}

const switchOf = { field: 'headers', parameter: 'parameters', claim: 'claims' } as const;
const nouns = { field: 'headers', parameter: 'query parameters', claim: 'claims' } as const;

/** Whether WSO2's switch lets a condition be looked at. What the file doesn't switch off is on, which is not so in WSO2. */
function isOn(
  source: SourceFile,
  path: Path,
  switches: ThrottlingSwitches,
  condition: Condition | undefined,
): boolean {
  if (condition === undefined || condition.kind === 'address') return true;
  const name = switchOf[condition.kind];
  const state = switches[name];
  if (state === true) return true;
  const noun = nouns[condition.kind];
  const finding = { code: 'condition-switch', path } as const;
  if (state === undefined) {
    const message = `Conditions on ${noun} are applied. WSO2 applies them only with ${switchKeys[name]} = true.`;
    source.note({ ...finding, message });
    return true;
  }
  const message = `${switchKeys[name]} is false, so this condition is not looked at, and its group applies to no request.`;
  source.warning({ ...finding, message });
  return false;
}
