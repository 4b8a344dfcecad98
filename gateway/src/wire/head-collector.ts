import { octets } from './octets.ts';

const emptyLine: Buffer = Buffer.from('\r\n\r\n');
const nothing: Buffer = Buffer.alloc(0);

/** The head of the next message among a connection's bytes. */
export type FoundHead =
  | {
      /** The whole head, one character per byte. */
      readonly text: string;
      /** The bytes behind it start here. */
      readonly end: number;
    }
  | 'incomplete'
  | 'too-large'
  | 'malformed';

/** Finds heads in a stream of bytes, whose pieces may end anywhere. Most heads come in one piece. */
export class HeadCollector {
  readonly #bytesMax: number;
  /** The start of a head whose end hasn't come. */
  #begun: Buffer = nothing;
  #begunBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether a head has begun and not ended. */
  get begun(): boolean {
    return this.#begunBytes > 0;
  }

  /** Takes bytes from `at` on. After `too-large` and `malformed` nothing more can be read. */
  find(bytes: Buffer, at: number): FoundHead {
    if (this.begun) return this.#goOn(bytes, at);
    const start = startsWithEmptyLine(bytes, at) ? at + 2 : at;
    const found = bytes.indexOf(emptyLine, start);
    if (found === -1) return this.#begin(bytes, at);
    const end = found + emptyLine.length;
    return end - at > this.#bytesMax ? 'too-large' : { text: bytes.toString('latin1', at, end), end };
  }

  #begin(bytes: Buffer, at: number): FoundHead {
    if (bytes.length - at > this.#bytesMax) return 'too-large';
    this.#keep(bytes, at);
    return isPlausible(this.#begun, 0, this.#begunBytes) ? 'incomplete' : 'malformed';
  }

  /** Looks at each byte once, however small the pieces are. */
  #goOn(bytes: Buffer, at: number): FoundHead {
    const before = this.#begunBytes;
    this.#keep(bytes, at);
    const from = Math.max(startsWithEmptyLine(this.#begun, 0) ? 2 : 0, before - emptyLine.length + 1);
    const found = this.#begun.subarray(0, this.#begunBytes).indexOf(emptyLine, from);
    if (found !== -1) {
      const end = found + emptyLine.length;
      const text = this.#begun.toString('latin1', 0, end);
      this.#begun = nothing;
      this.#begunBytes = 0;
      return { text, end: at + end - before };
    }
    if (bytes.length - at > this.#begunBytes - before) return 'too-large';
    return isPlausible(this.#begun, before, this.#begunBytes) ? 'incomplete' : 'malformed';
  }

  /** Keeps as many bytes as a head may have; room for a whole one isn't taken before its bytes come. */
  #keep(bytes: Buffer, at: number): void {
    const keptBytes = Math.min(this.#bytesMax, this.#begunBytes + bytes.length - at);
    if (keptBytes > this.#begun.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#bytesMax, Math.max(512, keptBytes * 2)));
      this.#begun.copy(larger, 0, 0, this.#begunBytes);
      this.#begun = larger;
    }
    bytes.copy(this.#begun, this.#begunBytes, at);
    this.#begunBytes = keptBytes;
  }
}

function startsWithEmptyLine(bytes: Buffer, at: number): boolean {
  return bytes[at] === octets.cr && bytes[at + 1] === octets.lf;
}

/** Nobody waits for the end of what can't become a head: control characters, or LF without CR. */
function isPlausible(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const octet = bytes[at] ?? 0;
    if (
      octet === octets.lf
        ? bytes[at - 1] !== octets.cr
        : octet < octets.space && octet !== octets.cr && octet !== octets.tab
    )
      return false;
  }
  return true;
}
