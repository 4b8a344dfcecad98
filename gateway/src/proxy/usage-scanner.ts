import { merged, usageIn, type Usage } from './usage.ts';

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

const keyLengthMax = 20;
const usageBytesMax = 4096;

/**
 * Finds the tokens that JSON says were used, piece by piece: `usage` (Gemini: `usageMetadata`) of the whole, or of the `response`
 * or `message` in it, where streams of OpenAI and Anthropic have it. Looks at the structure, so that nothing a model has
 * written is taken for it, and keeps nothing but the usage itself.
 */
export class UsageScanner {
  usage: Usage | undefined;
  #depth = 0;
  /** 1 where the whole is a list of what is looked at. */
  #base = 0;
  #string: 'none' | 'key' | 'value' = 'none';
  #escaped = false;
  /** The next string is a key. */
  #atKey = false;
  #key = '';
  /** The key whose value is open, at the first depth. */
  #outer = '';
  /** The usage so far, from the depth it is at. */
  #captured: string | undefined;
  #capturedDepth = 0;

  /** Another whole follows. */
  restart(): void {
    this.#depth = 0;
    this.#base = 0;
    this.#string = 'none';
    this.#escaped = false;
    this.#captured = undefined;
  }

  read(bytes: Buffer): void {
    for (const byte of bytes) {
      if (this.#captured !== undefined) this.#capture(byte);
      if (this.#string === 'none') this.#structure(byte);
      else this.#inString(byte);
    }
  }

  #inString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === backslash) this.#escaped = true;
    else if (byte === quote) this.#string = 'none';
    else if (this.#string === 'key') {
      if (this.#key.length < keyLengthMax) this.#key += String.fromCharCode(byte);
      else this.#string = 'value';
    }
  }

  #structure(byte: number): void {
    switch (byte) {
      case quote:
        this.#string = this.#atKey && this.#level <= 2 ? 'key' : 'value';
        if (this.#string === 'key') this.#key = '';
        this.#atKey = false;
        return;
      case openBrace:
        this.#open();
        return;
      case openBracket:
        if (this.#depth === 0) this.#base = 1;
        this.#depth += 1;
        this.#atKey = false;
        this.#key = '';
        return;
      case closeBrace:
      case closeBracket:
        this.#close();
        return;
      case comma:
        this.#atKey = true;
        return;
      case colon:
        this.#atKey = false;
        return;
    }
  }

  get #level(): number {
    return this.#depth - this.#base;
  }

  #open(): void {
    const key = this.#key;
    const isOuter = this.#level === 1 && (key === 'usage' || key === 'usageMetadata');
    const isInner =
      this.#level === 2 && key === 'usage' && (this.#outer === 'response' || this.#outer === 'message');
    if (this.#captured === undefined && (isOuter || isInner)) {
      this.#captured = '{';
      this.#capturedDepth = this.#depth;
    }
    if (this.#level === 1) this.#outer = key;
    this.#key = '';
    this.#depth += 1;
    this.#atKey = true;
  }

  #close(): void {
    this.#depth = Math.max(0, this.#depth - 1);
    this.#atKey = false;
    this.#key = '';
    if (this.#level === 1) this.#outer = '';
    if (this.#captured === undefined || this.#depth > this.#capturedDepth) return;
    const usage = usageIn(parsed(this.#captured));
    if (usage !== undefined) this.usage = merged(this.usage, usage);
    this.#captured = undefined;
  }

  #capture(byte: number): void {
    this.#captured += String.fromCharCode(byte);
    if ((this.#captured?.length ?? 0) > usageBytesMax) this.#captured = undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
