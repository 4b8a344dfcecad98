import { opcodes } from './frame-reader.ts';

/** A text in one frame, as servers write it. At most 65,535 bytes. */
export function textFrame(text: string): Buffer {
  return frame(opcodes.text, Buffer.from(text));
}

/** Says the end of a WebSocket, with a code of RFC 6455, section 7.4. What goes to a server is masked, by nothing. */
export function closeFrame(code: number, { masked }: { readonly masked: boolean }): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  const plain = frame(opcodes.close, payload);
  if (!masked) return plain;
  const head = Buffer.from([plain[0] ?? 0, 0x80 | payload.length, 0, 0, 0, 0]);
  return Buffer.concat([head, payload]);
}

/** Turns a masked payload into itself, in place; `offset` is where in the payload the bytes stand. */
export function unmask(bytes: Buffer, mask: Buffer, offset: number): void {
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = (bytes[at] ?? 0) ^ (mask[(offset + at) & 3] ?? 0);
  }
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? [0x80 | opcode, length] : [0x80 | opcode, 126, length >>> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}
