import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renamed, zipOf } from '../../test/support/zip.ts';
import { readArchive } from './read-archive.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-zip-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function read(archive: Uint8Array): Promise<Awaited<ReturnType<typeof readArchive>>> {
  const path = join(folder, 'x.zip');
  await writeFile(path, archive);
  return readArchive(path, (inside) => inside.endsWith('.yaml'));
}

const centralHeader = Buffer.from([0x50, 0x4b, 0x01, 0x02]);
const localHeader = Buffer.from([0x50, 0x4b, 0x03, 0x04]);

/** The archive with a number in the central header of its first file replaced, and in the local header if it is there too. */
function withField(
  archive: Buffer,
  field: { central: number; local?: number; bytes: number },
  value: number,
) {
  const changed = Buffer.from(archive);
  const at = changed.indexOf(centralHeader) + field.central;
  changed.writeUIntLE(value, at, field.bytes);
  if (field.local !== undefined)
    changed.writeUIntLE(value, changed.indexOf(localHeader) + field.local, field.bytes);
  return changed;
}

const size = { central: 24, local: 22, bytes: 4 };
const flags = { central: 8, local: 6, bytes: 2 };
const method = { central: 10, local: 8, bytes: 2 };
const attributes = { central: 38, bytes: 4 };
const mebibyte = 1024 * 1024;
const small = await zipOf({ 'aaaaaaaaaa.yaml': 'x' });
const bomb = await zipOf({ 'a.yaml': Buffer.alloc(20 * mebibyte) });

/** Every archive a gateway must not unpack, and what is said about it. */
const attacks: readonly (readonly [what: string, archive: Uint8Array, says: string])[] = [
  [
    'a path that leads out of its folder',
    renamed(small, 'aaaaaaaaaa.yaml', '../../etc/x.yam'),
    'relative path',
  ],
  [
    'a path that leads out in its middle',
    renamed(small, 'aaaaaaaaaa.yaml', 'a/../../x1.yaml'),
    'relative path',
  ],
  ['an absolute path', renamed(small, 'aaaaaaaaaa.yaml', '/etc/xxxxx.yaml'), 'absolute path'],
  ['a drive of Windows', renamed(small, 'aaaaaaaaaa.yaml', 'C:/xxxxxxx.yaml'), 'absolute path'],
  ['backslashes', renamed(small, 'aaaaaaaaaa.yaml', '..\\..\\xxxx.yaml'), 'invalid characters'],
  ['an empty part in a path', renamed(small, 'aaaaaaaaaa.yaml', 'a//aaaaaaa.yaml'), 'empty part'],
  ['a NUL in a path', renamed(small, 'aaaaaaaaaa.yaml', 'a.yaml\0aaa.yaml'), 'control characters'],
  ['a line break in a path', renamed(small, 'aaaaaaaaaa.yaml', 'a\naaaaaaaa.yaml'), 'control characters'],
  ['a long path', await zipOf({ [`${'a'.repeat(296)}.yaml`]: 'x' }), 'longer than 300'],
  ['a symbolic link', await zipOf({ 'a.yaml': '/etc/passwd' }, { 'a.yaml': 0o120777 }), 'link or device'],
  ['a link that is not wanted', await zipOf({ a: '/etc' }, { a: 0o120777 }), 'link or device'],
  ['a device', withField(small, attributes, 0o060644 * 2 ** 16), 'link or device'],
  ['an encrypted file', withField(small, flags, 0x801), 'encrypted'],
  ['an unknown packing', withField(small, method, 14), 'packed in a way'],
  ['a bomb that says its size', bomb, 'larger than 1048576 bytes'],
  ['a bomb that says another size', withField(bomb, size, 10), 'too many bytes'],
  ['a file that is shorter than it says', withField(small, size, 100), 'not enough bytes'],
  [
    'many files that are large together',
    await zipOf(
      Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`${n}.yaml`, Buffer.alloc(mebibyte)])),
    ),
    'larger than 16777216 bytes together',
  ],
  ['one file twice', renamed(await zipOf({ 'a.yaml': 'x', 'b.yaml': 'y' }), 'b.yaml', 'a.yaml'), 'twice'],
  [
    'too many files',
    await zipOf(Object.fromEntries(Array.from({ length: 2001 }, (_, n) => [`${n}`, '']))),
    'more than 2000 files',
  ],
  ['too many bytes', Buffer.alloc(16 * mebibyte + 1), 'larger than 16777216 bytes'],
  ['no archive', Buffer.from('type: api\n'), "can't be read"],
  ['nothing', Buffer.alloc(0), "can't be read"],
  ['half an archive', small.subarray(0, small.length - 30), "can't be read"],
];

describe('an archive is refused as a whole with', () => {
  test.each(attacks)('%s', async (_, archive, says) => {
    const answer = await read(archive);
    expect('problem' in answer && answer.problem).toContain(says);
    expect(answer).not.toHaveProperty('files');
  });
});

test('what is wanted is unpacked, and of the rest only the paths are told', async () => {
  const stored = deflateRawSync(Buffer.from('noise'));
  const archive = await zipOf({ 'Top/': '', 'Top/api.yaml': 'type: api\n', 'Top/Image/icon.png': stored });
  const answer = await read(archive);
  const files = 'files' in answer ? answer.files : [];
  expect(files.map(({ path, bytes }) => [path, bytes && Buffer.from(bytes).toString()])).toEqual([
    ['Top/api.yaml', 'type: api\n'],
    ['Top/Image/icon.png', undefined],
  ]);
});

test('a bomb that nobody wants is not unpacked', async () => {
  expect(await read(renamed(bomb, 'a.yaml', 'a.data'))).toEqual({ files: [{ path: 'a.data' }] });
});
