import { RE2JS, RE2JSException } from 're2js';
import type { Pattern } from '../policy/conditions.ts';

const charactersMax = 1000;
/** In instructions of the compiled pattern; each may cost a step for each character of a text. */
const programSizeMax = 500;

/**
 * Compiles a regular expression of WSO2, which are Java's, for an engine that takes linear time whatever it is given. A string
 * says why it can't: what only backtracking can match, such as `(?=…)` and `\1`, isn't there, and what means something else
 * than in Java isn't taken either.
 */
export function compilePattern(source: string): Pattern | string {
  if (source.length > charactersMax) return `it is longer than ${charactersMax} characters`;
  const plain = plainPattern(source);
  if (plain !== undefined) return plain;
  const trouble = javaOnly(source);
  if (trouble !== undefined) return trouble;
  try {
    const compiled = RE2JS.compile(source);
    const size = compiled.programSize();
    if (size > programSizeMax)
      return `it has ${size} steps once repetitions are written out, more than ${programSizeMax}`;
    return { size, test: (text) => compiled.test(text) };
  } catch (error) {
    if (error instanceof RE2JSException) return unsupported(error.message);
    throw error;
  }
}

/** Compiles a pattern that was checked before. */
export function checkedPattern(source: string): Pattern {
  const pattern = compilePattern(source);
  if (typeof pattern === 'string')
    throw new Error(`a pattern that was checked can't be compiled: ${pattern}`);
  return pattern;
}

/** Most patterns are a text, perhaps at the beginning or at the end: they need no engine. */
function plainPattern(source: string): Pattern | undefined {
  const [, start, text = '', end] = /^(\^?)([\w !"#%&',/:;<=>@`~-]*)(\$?)$/.exec(source) ?? [];
  if (start === undefined) return undefined;
  if (start !== '' && end !== '') return { size: 1, test: (value) => value === text };
  if (start !== '') return { size: 1, test: (value) => value.startsWith(text) };
  if (end !== '') return { size: 1, test: (value) => value.endsWith(text) };
  return { size: 1, test: (value) => value.includes(text) };
}

function unsupported(message: string): string {
  const what = message.replace(/^error parsing regexp: /, '');
  return `${what}. Patterns take linear time here, so there is no (?=…), (?!…), (?<=…), (?<!…), (?>…), \\1 and a++`;
}

/** What the engine would take, but for something else than Java: classes within classes. */
function javaOnly(source: string): string | undefined {
  let inClass = false;
  for (let at = 0; at < source.length; at += 1) {
    const rest = source.slice(at, at + 2);
    if (rest === '\\Q') at = literalEnd(source, at);
    else if (rest.startsWith('\\')) at += 1;
    else if (!inClass && rest.startsWith('[')) {
      inClass = true;
      // A bracket that closes right here is one of the class.
      if (/^\[\^?\]/.test(source.slice(at, at + 3))) at = source.indexOf(']', at);
    } else if (inClass && rest.startsWith(']')) inClass = false;
    else if (inClass && (rest === '&&' || (rest.startsWith('[') && rest !== '[:')))
      return `${rest === '&&' ? '"&&"' : '"["'} in a class means something else in Java; write the class out`;
    else if (inClass && rest === '[:') at = Math.max(at, source.indexOf(':]', at) + 1);
  }
  return undefined;
}

function literalEnd(source: string, from: number): number {
  const end = source.indexOf('\\E', from);
  return end === -1 ? source.length : end + 1;
}
