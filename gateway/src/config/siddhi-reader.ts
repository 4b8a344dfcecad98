import { quote } from './nearest-name.ts';
import type { Position } from './source-file.ts';
import { SiddhiProblem, siddhiTokens, type Token } from './siddhi-tokens.ts';

/** Goes through the tokens of a query. What isn't there as expected is a `SiddhiProblem`, thrown. Words are alike in any case. */
export class SiddhiReader {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(query: string) {
    this.#tokens = siddhiTokens(query);
  }

  get peek(): Token {
    return this.#ahead(0);
  }

  get at(): Position {
    return this.peek.at;
  }

  next(): void {
    this.#position += 1;
  }

  isWord(word: string, ahead = 0): boolean {
    const { kind, text } = this.#ahead(ahead);
    return kind === 'word' && text.toLowerCase() === word.toLowerCase();
  }

  isSign(sign: string, ahead = 0): boolean {
    const { kind, text } = this.#ahead(ahead);
    return kind === 'sign' && text === sign;
  }

  tryWord(word: string): boolean {
    return this.#take(this.isWord(word));
  }

  trySign(sign: string): boolean {
    return this.#take(this.isSign(sign));
  }

  words(...words: readonly string[]): void {
    for (const word of words) if (!this.tryWord(word)) this.fail(word);
  }

  sign(sign: string): void {
    if (!this.trySign(sign)) this.fail(quote(sign));
  }

  /** A text in quotes, in any case. */
  text(expected: string): void {
    const { kind, text } = this.peek;
    if (!this.#take(kind === 'text' && text.toLowerCase() === expected)) this.fail(`'${expected}'`);
  }

  word(expected: string): string {
    const { kind, text } = this.peek;
    if (!this.#take(kind === 'word')) this.fail(expected);
    return text;
  }

  wholeNumber(): number {
    const { kind, text } = this.peek;
    if (!this.#take(kind === 'number' && /^\d{1,16}$/.test(text))) this.fail('a whole number');
    return Number(text);
  }

  end(): void {
    if (this.peek.kind !== 'end') this.fail('the end of the query');
  }

  /** The name that the selection at hand gets, in lower case: what stands behind its AS. */
  nameOfItem(): string {
    let depth = 0;
    for (let ahead = 0; this.#ahead(ahead).kind !== 'end'; ahead += 1) {
      if (this.isSign('(', ahead)) depth += 1;
      else if (this.isSign(')', ahead)) depth -= 1;
      else if (depth === 0 && this.isWord('AS', ahead)) return this.#ahead(ahead + 1).text.toLowerCase();
      else if (depth === 0 && this.isSign(',', ahead)) return '';
    }
    return '';
  }

  fail(expected: string): never {
    return this.failAt(this.at, expected);
  }

  failAt(at: Position, expected: string): never {
    const found = this.#tokens.find((token) => token.at === at) ?? this.peek;
    const what = found.kind === 'end' ? 'the end' : quote(found.text);
    throw new SiddhiProblem(`found ${what}, expected ${expected}`, at);
  }

  #ahead(count: number): Token {
    const token = this.#tokens[Math.min(this.#position + count, this.#tokens.length - 1)];
    if (token === undefined) throw new Error('a query has at least its end');
    return token;
  }

  #take(isThere: boolean): boolean {
    if (isThere) this.#position += 1;
    return isThere;
  }
}
