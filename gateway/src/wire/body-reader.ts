import { ChunkReader, type ChunkRules } from './chunk-reader.ts';
import type { Fields } from './fields.ts';

/** How far a reader came with the bytes it was given. */
export interface BodyPart {
  /** The body's bytes among them, without framing; they lie in the memory of the bytes that were given. */
  readonly data: Buffer;
  /** Where the bytes stop to be part of the body. */
  readonly end: number;
}

/** Finds a message's body among the bytes that follow its head. */
export class BodyReader {
  /** Nothing more belongs to the body. */
  done: boolean;
  /** What came isn't a body framed as announced; nothing after it can be read. */
  flawed = false;
  readonly #chunks: ChunkReader | undefined;
  /** Of a body of known length; infinite for one that the connection's end ends. */
  #bytesLeft: number;

  constructor(body: number | 'chunked' | 'until-close', rules: ChunkRules) {
    this.#chunks = body === 'chunked' ? new ChunkReader(rules) : undefined;
    this.#bytesLeft = typeof body === 'number' ? body : Infinity;
    this.done = body === 0;
  }

  /** The fields after a body in chunks, once it is done. */
  get trailers(): Fields {
    return this.#chunks?.trailers ?? [];
  }

  /** Whether the connection's end would leave the body incomplete. */
  get endsWithConnection(): boolean {
    return this.#chunks === undefined && this.#bytesLeft === Infinity;
  }

  /** Reads from `at` on. The bytes must not be used by anybody else: those of chunks are moved together. */
  read(bytes: Buffer, at: number): BodyPart {
    if (this.#chunks !== undefined) return this.#readChunks(this.#chunks, bytes, at);
    const end = Math.min(bytes.length, at + this.#bytesLeft);
    this.#bytesLeft -= end - at;
    this.done = this.#bytesLeft === 0;
    return { data: at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end), end };
  }

  #readChunks(chunks: ChunkReader, bytes: Buffer, at: number): BodyPart {
    const end = chunks.read(bytes, at);
    this.done = chunks.done;
    this.flawed = chunks.flawed;
    return { data: bytes.subarray(at, chunks.dataEnd), end };
  }
}
