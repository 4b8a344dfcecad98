import type { DocumentNode } from 'graphql/language';
import { language } from './language.ts';

/** Why a text isn't taken, and where. */
export interface Unreadable {
  readonly problem: string;
  /** From 1 on. */
  readonly line: number;
}

export interface TextBounds {
  readonly tokensMax: number;
  /** Brackets of any kind in each other: the parser calls itself for each. */
  readonly nestedMax: number;
}

/** Parses GraphQL, documents and schemas alike. Nothing but the tokens is looked at before they are known to be few enough. */
export function parseBounded(text: string, bounds: TextBounds): DocumentNode | Unreadable {
  try {
    return tooMuch(text, bounds) ?? language().parse(text, { noLocation: true });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'GraphQLError') throw error;
    return { problem: error.message, line: lineOf(error) };
  }
}

function tooMuch(text: string, { tokensMax, nestedMax }: TextBounds): Unreadable | undefined {
  const { Lexer, Source } = language();
  const lexer = new Lexer(new Source(text));
  let nested = 0;
  for (let tokens = 0; ; tokens += 1) {
    const { kind, line } = lexer.advance();
    if (kind === '<EOF>') return undefined;
    if (tokens >= tokensMax) return { problem: `There are more than ${tokensMax} tokens`, line };
    if (kind === '{' || kind === '[' || kind === '(') nested += 1;
    else if (kind === '}' || kind === ']' || kind === ')') nested -= 1;
    if (nested > nestedMax) return { problem: `Brackets are nested more than ${nestedMax} deep`, line };
  }
}

function lineOf(error: object): number {
  const locations: unknown = 'locations' in error ? error.locations : undefined;
  const first: unknown = Array.isArray(locations) ? locations[0] : undefined;
  const line: unknown = typeof first === 'object' && first !== null && 'line' in first ? first.line : 1;
  return typeof line === 'number' ? line : 1;
}
