import type { Socket } from 'node:net';
import { decode, encode, ExtensionCodec } from '@msgpack/msgpack';

/** Bytes of one frame at most, once the other side has proved who it is. */
export const frameBytesMax = 16_777_216;
const lengthBytes = 4;

/** MessagePack has no type for maps with order and any key: ours is extension 1, a list of pairs. */
const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: 1,
  encode: (value) => (value instanceof Map ? encode([...value], { ignoreUndefined: true }) : null),
  decode: (data) => new Map(decode(data) as [unknown, unknown][]),
});

/** Sends one value as a frame: its length in four bytes, highest first, then MessagePack. */
export function writeFrame(socket: Socket, value: unknown): void {
  const body = encode(value, { extensionCodec, ignoreUndefined: true });
  const length = Buffer.allocUnsafe(lengthBytes);
  length.writeUInt32BE(body.length);
  socket.cork();
  socket.write(length);
  socket.write(body);
  socket.uncork();
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /**
   * Gives the values whose frames are complete now. Throws when a frame is longer than `bytesMax`, or holds no MessagePack.
   */
  read(chunk: Buffer, bytesMax: number): unknown[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const values: unknown[] = [];
    for (;;) {
      if (this.#bytes < lengthBytes) return values;
      const length = this.#peek(lengthBytes).readUInt32BE();
      if (length > bytesMax) throw new Error(`a frame of ${length} bytes, at most ${bytesMax} are allowed`);
      if (this.#bytes < lengthBytes + length) return values;
      values.push(decode(this.#take(lengthBytes + length).subarray(lengthBytes), { extensionCodec }));
    }
  }

  #peek(bytes: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  #take(bytes: number): Buffer {
    const all = this.#peek(bytes);
    const rest = all.subarray(bytes);
    this.#chunks[0] = rest;
    if (rest.length === 0) this.#chunks.shift();
    this.#bytes -= bytes;
    return all.subarray(0, bytes);
  }
}
