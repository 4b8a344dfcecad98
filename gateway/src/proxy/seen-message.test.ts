import { expect, test } from 'vitest';
import { FrameReader } from '../wire/frame-reader.ts';
import { SeenMessage } from './seen-message.ts';

/** Two masked frames that say `Hello` and `, you`. */
const frames = Buffer.from('018537fa213d7f9f4d51588085010203042d227a6b74', 'hex');

test('a message is put together and unmasked, wherever its bytes were split', () => {
  for (let pieceBytes = 1; pieceBytes <= frames.length; pieceBytes += 1) {
    const reader = new FrameReader({ masked: true });
    const seen = new SeenMessage();
    for (let from = 0; from < frames.length; from += pieceBytes) {
      const piece = Buffer.from(frames.subarray(from, from + pieceBytes));
      for (let at = 0; at < piece.length;) {
        const step = reader.next(piece, at);
        if (step.kind === 'head') seen.begin(step.head, 100);
        if (step.kind === 'payload') seen.add(piece.subarray(at, step.end));
        at = step.kind === 'head' || step.kind === 'payload' ? step.end : piece.length;
      }
    }
    expect(seen.payload.toString()).toBe('Hello, you');
    expect(seen.raw).toEqual(frames);
  }
});

test('a message that announces more than is looked at, or comes in too many frames, is too large', () => {
  const head = { opcode: 1, final: false, isControl: false, mask: undefined, raw: Buffer.alloc(2) };
  const large = new SeenMessage();
  expect(large.begin({ ...head, length: 60 }, 100)).toBe(true);
  expect(large.begin({ ...head, length: 37 }, 100)).toBe(false);
  const many = new SeenMessage();
  let taken = 0;
  while (many.begin({ ...head, length: 0 }, 100)) taken += 1;
  expect(taken).toBe(50);
});
