import type { Position } from './source-file.ts';

/** A word, a text in quotes (without them), a number, or a sign; and the end. */
export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign' | 'end';
  readonly text: string;
  /** In the query, from 1. */
  readonly at: Position;
}

/** Why a query can't be read any further, and where. */
export class SiddhiProblem extends Error {
  readonly at: Position;

  constructor(message: string, at: Position) {
    super(message);
    this.at = at;
  }
}

const pattern =
  /\s+|--[^\n]*|\/\*[^]*?\*\/|(?<word>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?)|'(?<single>[^'\n]*)'|"(?<double>[^"\n]*)"|(?<sign>==|!=|>=|<=|[<>=#:;,()[\].*+/-])/y;

/** Cuts a query into tokens; white space and comments are none. Throws `SiddhiProblem`. */
export function siddhiTokens(query: string): readonly Token[] {
  const tokens: Token[] = [];
  const scan = new RegExp(pattern);
  while (scan.lastIndex < query.length) {
    const from = scan.lastIndex;
    const { word, number, single, double, sign } = scan.exec(query)?.groups ?? failAt(query, from);
    const at = positionOf(query, from);
    const text = single ?? double;
    if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (text !== undefined) tokens.push({ kind: 'text', text, at });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at });
  }
  tokens.push({ kind: 'end', text: '', at: positionOf(query, query.length) });
  return tokens;
}

function failAt(query: string, offset: number): Readonly<Record<string, string>> {
  throw new SiddhiProblem(`found ${JSON.stringify(query.charAt(offset))}`, positionOf(query, offset));
}

function positionOf(query: string, offset: number): Position {
  const before = query.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
