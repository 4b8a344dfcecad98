import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { expect, test } from 'vitest';
import { FrameReader, opcodes } from '../../src/wire/frame-reader.ts';
import { unmask } from '../../src/wire/frame-writer.ts';
import { type Random, seededRandom } from '../support/random.ts';

/** Its reader of frames, which its types don't tell. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: object) => Writable;
};

/** What one side of a WebSocket said: each message and control frame, and whether it ended in an error. */
interface Heard {
  readonly said: readonly string[];
  readonly failed: boolean;
}

const streams = 3000;

test('streams of chance are read as the ws package reads them, wherever they are split', async () => {
  const random = seededRandom();
  let failures = 0;
  let messages = 0;
  for (let round = 0; round < streams; round += 1) {
    const masked = random.chance(0.5);
    const bytes = stream(random, masked);
    const ours = hear(split(random, bytes), masked);
    const theirs = await hearByWs(split(random, bytes), masked);
    expect(ours, `seed ${random.seed}, round ${round}: ${bytes.toString('hex')}`).toEqual(theirs);
    failures += Number(ours.failed);
    messages += ours.said.length;
  }
  // Nothing was shown unless both happened often.
  expect(failures).toBeGreaterThan(streams / 20);
  expect(messages).toBeGreaterThan(streams);
});

/** Frames of which few are flawed; what both readers are free to see differently (the shortest form of a length) is left out. */
function stream(random: Random, masked: boolean): Buffer {
  const frames: Buffer[] = [];
  let open = false;
  for (let count = random.below(8) + 1; count > 0; count -= 1) {
    const control = random.chance(0.2);
    const flawed = random.chance(0.03);
    const opcode = control
      ? random.pick([opcodes.ping, opcodes.pong])
      : open !== flawed
        ? opcodes.continuation
        : random.pick([opcodes.text, opcodes.binary]);
    const final = control ? !random.chance(0.03) : random.chance(0.6);
    if (!control) open = !final;
    const length = control ? random.below(126) : random.pick([0, 1, 5, 125, 126, 200, 70_000]);
    const reserved = random.chance(0.01) ? random.pick([0x10, 0x20, 0x40]) : 0;
    frames.push(frame(random, { opcode, final, length, reserved, masked: masked !== random.chance(0.01) }));
  }
  if (random.chance(0.3))
    frames.push(frame(random, { opcode: opcodes.close, final: true, length: 0, reserved: 0, masked }));
  return Buffer.concat(frames);
}

function frame(
  random: Random,
  head: {
    readonly opcode: number;
    readonly final: boolean;
    readonly length: number;
    readonly reserved: number;
    readonly masked: boolean;
  },
): Buffer {
  const { opcode, final, length, reserved, masked } = head;
  const first = (final ? 0x80 : 0) | reserved | opcode;
  const mask = masked ? 0x80 : 0;
  const start =
    length < 126
      ? [first, mask | length]
      : length < 65_536
        ? [first, mask | 126, length >>> 8, length & 255]
        : [
            first,
            mask | 127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >>> 16) & 255,
            (length >>> 8) & 255,
            length & 255,
          ];
  const key = Buffer.from([1, 2, 3, 4].map(() => random.below(256)));
  const payload = Buffer.alloc(length, random.below(256));
  return Buffer.concat([Buffer.from(start), ...(masked ? [key] : []), payload]);
}

function split(random: Random, bytes: Buffer): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + random.below(random.pick([2, 16, 4096, 100_000])));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

function hear(pieces: readonly Buffer[], masked: boolean): Heard {
  const reader = new FrameReader({ masked });
  const said: string[] = [];
  let message: Buffer[] = [];
  let frameParts: Buffer[] = [];
  let head: Extract<ReturnType<FrameReader['next']>, { kind: 'head' }>['head'] | undefined;
  const ended = (): void => {
    const payload = Buffer.concat(frameParts);
    frameParts = [];
    if (head?.mask !== undefined) unmask(payload, head.mask, 0);
    if (head?.isControl === true) said.push(`${head.opcode} ${digest(payload)}`);
    else {
      message.push(payload);
      if (head?.final !== true) return;
      said.push(`message ${digest(Buffer.concat(message))}`);
      message = [];
    }
  };
  for (const bytes of pieces) {
    for (let at = 0; at < bytes.length;) {
      const step = reader.next(bytes, at);
      if (step.kind === 'flawed') return { said, failed: true };
      if (step.kind === 'more') break;
      if (step.kind === 'head') {
        head = step.head;
        if (head.length === 0) ended();
      } else {
        frameParts.push(bytes.subarray(at, step.end));
        if (step.last) ended();
      }
      at = step.end;
    }
  }
  return { said, failed: false };
}

async function hearByWs(pieces: readonly Buffer[], masked: boolean): Promise<Heard> {
  const receiver = new Receiver({ isServer: masked, skipUTF8Validation: true, allowSynchronousEvents: true });
  const said: string[] = [];
  let failed = false;
  receiver.on('message', (data: Buffer) => said.push(`message ${digest(data)}`));
  receiver.on('ping', (data: Buffer) => said.push(`${opcodes.ping} ${digest(data)}`));
  receiver.on('pong', (data: Buffer) => said.push(`${opcodes.pong} ${digest(data)}`));
  receiver.on('conclude', () => said.push(`${opcodes.close} ${digest(Buffer.alloc(0))}`));
  receiver.on('error', () => {
    failed = true;
  });
  for (const piece of pieces) {
    if (failed) break;
    await new Promise<void>((taken) => {
      receiver.write(Buffer.from(piece), () => taken());
    });
  }
  receiver.destroy();
  return { said, failed };
}

function digest(bytes: Buffer): string {
  return `${bytes.length} ${bytes[0] ?? ''} ${bytes.at(-1) ?? ''}`;
}
