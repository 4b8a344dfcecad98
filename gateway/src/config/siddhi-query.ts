import type { Eligibility, KeyPart, Operand } from '../policy/custom-rule.ts';
import { ruleFieldNames, type RuleField } from '../policy/rule-fields.ts';
import { SiddhiReader } from './siddhi-reader.ts';
import { SiddhiProblem } from './siddhi-tokens.ts';

/** What a query of the portable part of Siddhi says (wso2.md 1.6). */
export interface SiddhiQuery {
  readonly eligible: Eligibility;
  readonly key: readonly KeyPart[];
  readonly timeUnit: string;
  readonly unitTime: number;
  readonly starts: 'aligned' | 'first-request';
  readonly count: number;
}

/** Expressions are nested no deeper than people can read. */
const depthMax = 50;

/**
 * Reads the query of a custom rule: which requests are eligible and what their key is, then how many of them in which window.
 * Anything beyond that is a problem.
 */
export function parseSiddhiQuery(query: string): SiddhiQuery | SiddhiProblem {
  try {
    return readQuery(query);
  } catch (error) {
    if (error instanceof SiddhiProblem) return error;
    throw error;
  }
}

function readQuery(query: string): SiddhiQuery {
  const reader = new SiddhiReader(query);
  reader.words('FROM', 'RequestStream', 'SELECT');
  const { eligible, key } = readEligibility(reader);
  reader.words('INSERT', 'INTO', 'EligibilityStream');
  reader.sign(';');
  reader.words('FROM', 'EligibilityStream');
  readFilter(reader);
  const window = readWindow(reader);
  reader.words('SELECT');
  const count = readResult(reader);
  reader.words('GROUP', 'BY', 'throttleKey', 'INSERT');
  if (reader.tryWord('ALL')) reader.words('EVENTS');
  reader.words('INTO', 'ResultStream');
  reader.trySign(';');
  reader.end();
  return { eligible, key, ...window, count };
}

/** Fields that only pass through to the next stream. */
const passed: ReadonlySet<string> = new Set([...ruleFieldNames, 'messageID', 'propertiesMap']);

function readEligibility(reader: SiddhiReader): Pick<SiddhiQuery, 'eligible' | 'key'> {
  let eligible: Eligibility | undefined;
  let key: readonly KeyPart[] | undefined;
  const start = reader.at;
  do {
    if (passed.has(reader.peek.text) && (reader.isSign(',', 1) || reader.isWord('INSERT', 1))) {
      reader.next();
      continue;
    }
    const name = reader.nameOfItem();
    if (name === 'iseligible' && eligible === undefined) eligible = readOr(reader, 0);
    else if (name === 'throttlekey' && key === undefined) key = readKey(reader, 0);
    else reader.fail('a selection of isEligible and throttleKey, once each, and of fields as they are');
    reader.words('AS');
    reader.next();
  } while (reader.trySign(','));
  if (eligible === undefined || key === undefined)
    return reader.failAt(start, 'a selection of both isEligible and throttleKey');
  return { eligible, key };
}

function readOr(reader: SiddhiReader, depth: number): Eligibility {
  const parts = [readAnd(reader, depth)];
  while (reader.tryWord('OR')) parts.push(readAnd(reader, depth));
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only : { kind: 'or', of: parts };
}

function readAnd(reader: SiddhiReader, depth: number): Eligibility {
  const parts = [readNot(reader, depth)];
  while (reader.tryWord('AND')) parts.push(readNot(reader, depth));
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only : { kind: 'and', of: parts };
}

function readNot(reader: SiddhiReader, depth: number): Eligibility {
  if (depth > depthMax) reader.fail('a simpler expression');
  if (reader.tryWord('NOT')) return { kind: 'not', of: readNot(reader, depth + 1) };
  if (reader.trySign('(')) {
    const inner = readOr(reader, depth + 1);
    reader.sign(')');
    return inner;
  }
  if (reader.tryWord('TRUE')) return { kind: 'constant', holds: true };
  if (reader.tryWord('FALSE')) return { kind: 'constant', holds: false };
  const left = readOperand(reader);
  const isDifferent = reader.isSign('!=');
  if (!isDifferent && !reader.isSign('==')) reader.fail('== or !=');
  reader.next();
  const equal: Eligibility = { kind: 'equal', operands: [left, readOperand(reader)] };
  return isDifferent ? { kind: 'not', of: equal } : equal;
}

function readOperand(reader: SiddhiReader): Operand {
  const { kind, text } = reader.peek;
  const field = kind === 'word' ? fieldOf(text) : undefined;
  if (field === undefined && kind !== 'text')
    reader.fail('a text in quotes or a field such as userId or apiContext');
  reader.next();
  return field === undefined ? { text } : { field };
}

function fieldOf(word: string): RuleField | undefined {
  return ruleFieldNames.find((name) => name === word);
}

function readKey(reader: SiddhiReader, depth: number): readonly KeyPart[] {
  if (depth > depthMax) reader.fail('a simpler expression');
  if (reader.tryWord('cast')) return [readClientIp(reader)];
  if (!reader.isWord('str')) return [readOperand(reader)];
  reader.words('str');
  reader.sign(':');
  reader.words('concat');
  reader.sign('(');
  const parts = [...readKey(reader, depth + 1)];
  while (reader.trySign(',')) parts.push(...readKey(reader, depth + 1));
  reader.sign(')');
  return parts;
}

/** `cast(map:get(propertiesMap,'ip'),'string')`: the only thing in that map that a gateway of ours knows. */
function readClientIp(reader: SiddhiReader): KeyPart {
  reader.sign('(');
  reader.words('map');
  reader.sign(':');
  reader.words('get');
  reader.sign('(');
  reader.words('propertiesMap');
  reader.sign(',');
  reader.text('ip');
  reader.sign(')');
  reader.sign(',');
  reader.text('string');
  reader.sign(')');
  return { field: 'clientIp' };
}

function readFilter(reader: SiddhiReader): void {
  reader.sign('[');
  reader.words('isEligible');
  if (reader.trySign('==')) reader.words('true');
  reader.sign(']');
}

function readWindow(reader: SiddhiReader): Pick<SiddhiQuery, 'timeUnit' | 'unitTime' | 'starts'> {
  reader.sign('#');
  reader.words('throttler');
  reader.sign(':');
  reader.words('timeBatch');
  reader.sign('(');
  if (reader.peek.text === '0') reader.fail('a window of at least 1');
  const unitTime = reader.wholeNumber();
  const timeUnit = reader.word('a unit of time');
  let starts: SiddhiQuery['starts'] = 'first-request';
  if (reader.trySign(',')) {
    if (reader.peek.text !== '0') reader.fail('0, for windows that are aligned to the clock');
    reader.next();
    starts = 'aligned';
  }
  reader.sign(')');
  return { timeUnit, unitTime, starts };
}

function readResult(reader: SiddhiReader): number {
  let count: number | undefined;
  const start = reader.at;
  do {
    if (reader.tryWord('throttleKey') || reader.tryWord('expiryTimeStamp')) continue;
    if (count !== undefined) reader.fail('throttleKey, isThrottled once, and expiryTimeStamp');
    const inside = reader.trySign('(');
    reader.words('count');
    reader.sign('(');
    if (!reader.isSign(')')) reader.word('the name of a field');
    reader.sign(')');
    reader.sign('>=');
    count = reader.wholeNumber();
    if (inside) reader.sign(')');
    reader.words('AS', 'isThrottled');
  } while (reader.trySign(','));
  return count ?? reader.failAt(start, 'a selection of isThrottled');
}
