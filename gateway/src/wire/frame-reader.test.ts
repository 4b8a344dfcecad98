import { describe, expect, test } from 'vitest';
import { everySplit } from '../../test/wire/splits.ts';
import { FrameReader } from './frame-reader.ts';
import { closeFrame, textFrame, unmask } from './frame-writer.ts';

/** What a stream of one side was read as: frames, and whether it ended in a flaw. */
function read(pieces: readonly Buffer[], masked: boolean): readonly string[] {
  const reader = new FrameReader({ masked });
  const found: string[] = [];
  let payload = '';
  for (const bytes of pieces) {
    for (let at = 0; at < bytes.length;) {
      const step = reader.next(bytes, at);
      if (step.kind === 'flawed') return [...found, 'flawed'];
      if (step.kind === 'more') break;
      if (step.kind === 'head') {
        const { opcode, final, length, raw } = step.head;
        found.push(`${final ? '' : '+'}${opcode}:${length}:${raw.toString('hex')}`);
        payload = '';
      } else {
        payload += bytes.toString('hex', at, step.end);
        if (step.last) found.push(payload);
      }
      at = step.end;
    }
  }
  return found;
}

function readEverySplit(hex: string, masked: boolean): readonly string[] {
  const [whole, ...others] = everySplit(Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('latin1'));
  const found = read(whole!, masked);
  for (const pieces of others) expect(read(pieces, masked)).toEqual(found);
  return found;
}

const long126 = '00'.repeat(126);

describe('frames', () => {
  test.each([
    ['a text of a server', '81 05 48656c6c6f', false, ['1:5:8105', '48656c6c6f']],
    ['a text of a client', '81 85 37fa213d 7f9f4d5158', true, ['1:5:818537fa213d', '7f9f4d5158']],
    ['fragments', '01 03 48656c 80 02 6c6f', false, ['+1:3:0103', '48656c', '0:2:8002', '6c6f']],
    [
      'control between fragments',
      '01 01 61 89 01 70 80 00 8a 00',
      false,
      ['+1:1:0101', '61', '9:1:8901', '70', '0:0:8000', '10:0:8a00'],
    ],
    ['an empty one', '82 00', false, ['2:0:8200']],
    ['an empty one of a client', '82 80 00000000', true, ['2:0:828000000000']],
    ['126 bytes', `82 7e007e ${long126}`, false, ['2:126:827e007e', long126]],
    ['a close', '88 02 03e8', false, ['8:2:8802', '03e8']],
    ['65,536 bytes', '82 7f0000000000010000 00', false, ['2:65536:827f0000000000010000']],
    ['2^53 - 1 bytes', '82 7f001fffffffffffff 00', false, ['2:9007199254740991:827f001fffffffffffff']],
  ])('%s', (_, hex, masked, frames) => {
    expect(readEverySplit(hex, masked)).toEqual(frames);
  });

  test.each([
    ['a client that does not mask', '81 05', true],
    ['a server that masks', '81 85', false],
    ['an extension', 'c1 00', false],
    ['other reserved bits', 'a1 00', false],
    ['the last reserved bit', '91 00', false],
    ['an unknown kind of data', '83 00', false],
    ['an unknown kind of control', '8b 00', false],
    ['a fragmented ping', '09 00', false],
    ['a long ping', '89 7e007e', false],
    ['a continuation of nothing', '80 00', false],
    ['a message inside of another', '01 00 81 00', false],
    ['a continuation of what is over', '01 00 80 00 80 00', false],
    ['anything behind a close', '88 00 89 00', false],
    ['125 bytes in the longer form', '82 7e007d', false],
    ['65,535 bytes in the longest form', '82 7f000000000000ffff', false],
    ['2^53 bytes', '82 7f0020000000000000', false],
    ['a negative length', '82 7fffffffffffffffff', false],
  ])('%s is flawed', (_, hex, masked) => {
    expect(readEverySplit(hex, masked).at(-1)).toBe('flawed');
  });

  test('a head in two pieces ends where its second piece ends', () => {
    const reader = new FrameReader({ masked: false });
    expect(reader.next(Buffer.from('81', 'hex'), 0)).toEqual({ kind: 'more' });
    expect(reader.next(Buffer.from('01', 'hex'), 0)).toMatchObject({ kind: 'head', end: 1 });
    expect(reader.next(Buffer.from('6161', 'hex'), 0)).toEqual({ kind: 'payload', end: 1, last: true });
  });
});

describe('what is written', () => {
  test.each([
    [textFrame('Hello').toString('hex'), '810548656c6c6f'],
    [closeFrame(1002, { masked: false }).toString('hex'), '880203ea'],
    [closeFrame(1002, { masked: true }).toString('hex'), '88820000000003ea'],
    [textFrame('a'.repeat(126)).subarray(0, 5).toString('hex'), '817e007e61'],
  ])('%s', (written, expected) => {
    expect(written).toBe(expected);
  });

  test('a payload is unmasked from wherever it begins', () => {
    const masked = Buffer.from('7f9f4d5158', 'hex');
    const mask = Buffer.from('37fa213d', 'hex');
    const [first, second] = [masked.subarray(0, 3), masked.subarray(3)];
    unmask(first, mask, 0);
    unmask(second, mask, 3);
    expect(masked.toString()).toBe('Hello');
  });
});
