/** One frame's beginning (RFC 6455, section 5.2). */
export interface FrameHead {
  readonly opcode: number;
  /** The last frame of its message. */
  readonly final: boolean;
  readonly isControl: boolean;
  /** Of the payload, in bytes. */
  readonly length: number;
  /** By which the payload is masked, if it is; the caller's own. */
  readonly mask: Buffer | undefined;
  /** As it came; the caller's own. */
  readonly raw: Buffer;
}

/** What stands next among the bytes, and where it ends. */
export type FrameStep =
  | { readonly kind: 'head'; readonly head: FrameHead; readonly end: number }
  | { readonly kind: 'payload'; readonly end: number; readonly last: boolean }
  /** The bytes end inside a head. */
  | { readonly kind: 'more' }
  | { readonly kind: 'flawed' };

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const headBytesMax = 14;

/**
 * Reads frames of one side of a WebSocket, piece by piece, holding a head at most. Strict: no extensions, lengths in their
 * shortest form, clients mask and servers don't, fragments in order, nothing behind a close. After `flawed` it must not be asked
 * again.
 */
export class FrameReader {
  readonly #masked: boolean;
  readonly #head = Buffer.alloc(headBytesMax);
  #filled = 0;
  #needed = 2;
  /** Of the payload that is being read. */
  #left = 0;
  #inMessage = false;
  #closed = false;

  /** `masked`: it reads what a client sends. */
  constructor({ masked }: { readonly masked: boolean }) {
    this.#masked = masked;
  }

  /** What stands at `at`, which is below the bytes' length. */
  next(bytes: Buffer, at: number): FrameStep {
    if (this.#left > 0) {
      const end = Math.min(bytes.length, at + this.#left);
      this.#left -= end - at;
      return { kind: 'payload', end, last: this.#left === 0 };
    }
    let end = at;
    while (this.#filled < this.#needed) {
      if (end === bytes.length) return { kind: 'more' };
      this.#head[this.#filled] = bytes[end] ?? 0;
      this.#filled += 1;
      end += 1;
      if (this.#filled === 2 && !this.#begin()) return { kind: 'flawed' };
    }
    const head = this.#finish();
    return head === undefined ? { kind: 'flawed' } : { kind: 'head', head, end };
  }

  /** Looks at the first two bytes. */
  #begin(): boolean {
    const [first = 0, second = 0] = this.#head;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    const masked = (second & 0x80) !== 0;
    const shortLength = second & 0x7f;
    const isControl = opcode >= 8;
    if (this.#closed || (first & 0x70) !== 0 || masked !== this.#masked) return false;
    if (isControl ? opcode > 10 || !final || shortLength > 125 : opcode > 2) return false;
    if (!isControl) {
      if ((opcode === opcodes.continuation) !== this.#inMessage) return false;
      this.#inMessage = !final;
    }
    this.#closed = opcode === opcodes.close;
    this.#needed = 2 + lengthBytes(shortLength) + (masked ? 4 : 0);
    return true;
  }

  #finish(): FrameHead | undefined {
    const [first = 0, second = 0] = this.#head;
    const length = this.#length(second & 0x7f);
    if (length === undefined) return undefined;
    const raw = Buffer.from(this.#head.subarray(0, this.#needed));
    this.#filled = 0;
    this.#needed = 2;
    this.#left = length;
    const opcode = first & 0x0f;
    return {
      opcode,
      final: (first & 0x80) !== 0,
      isControl: opcode >= 8,
      length,
      mask: this.#masked ? raw.subarray(-4) : undefined,
      raw,
    };
  }

  /** Undefined when a shorter form would do, or when nobody could send so much. */
  #length(short: number): number | undefined {
    if (short < 126) return short;
    if (short === 126) {
      const length = this.#head.readUInt16BE(2);
      return length < 126 ? undefined : length;
    }
    const length = this.#head.readUInt32BE(2) * 2 ** 32 + this.#head.readUInt32BE(6);
    return length < 65_536 || length > Number.MAX_SAFE_INTEGER ? undefined : length;
  }
}

function lengthBytes(short: number): number {
  if (short < 126) return 0;
  return short === 126 ? 2 : 8;
}
