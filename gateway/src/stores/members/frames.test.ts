import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/support/random.ts';
import { FrameReader, writeFrame } from './frames.ts';

const values = [
  { kind: 'synced', mine: 1, yours: 2 },
  { window: 1_790_000_000_000, accounts: new Map([['gateway', { held: 3, seq: 9_007_199_254_740_991 }]]) },
  'x'.repeat(70_000),
  { id: undefined, list: [1, 2, 3] },
];

function bytesOf(some: readonly unknown[]): Buffer {
  const written: Uint8Array[] = [];
  const socket = { cork() {}, uncork() {}, write: (bytes: Uint8Array) => written.push(bytes) };
  for (const value of some) writeFrame(socket as unknown as Socket, value);
  return Buffer.concat(written);
}

describe('frames', () => {
  test('arrive as they were sent, however the bytes are cut', () => {
    const random = seededRandom();
    const bytes = bytesOf(values);
    const { id: _, ...last } = values.at(-1) as { id: undefined; list: number[] };
    for (let round = 0; round < 50; round += 1) {
      const reader = new FrameReader();
      const read: unknown[] = [];
      for (let at = 0; at < bytes.length;) {
        const length = 1 + random.below(random.pick([3, 50, 100_000]));
        read.push(...reader.read(bytes.subarray(at, at + length), 1_000_000));
        at += length;
      }
      expect(read, `seed ${random.seed}`).toEqual([...values.slice(0, -1), last]);
    }
  });

  test('are refused when they are too long, before their bytes have come', () => {
    expect(() => new FrameReader().read(Buffer.from([0, 1, 0, 0]), 65_535)).toThrow(
      'a frame of 65536 bytes, at most 65535 are allowed',
    );
  });
});
