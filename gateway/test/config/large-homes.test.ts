import { mkdtemp, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHome } from '../../src/cli/read-home.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sluice-home-'));
  await mkdir(join(home, 'apis'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function problems(): Promise<readonly string[]> {
  const read = await readHome(home);
  return 'home' in read
    ? []
    : read.diagnostics.map(({ code, at, message }) => `${at.file} ${code} ${message}`);
}

test('10,000 files are read, one more is refused', async () => {
  const path = (index: number): string => join(home, `apis/${index}.yaml`);
  await Promise.all(Array.from({ length: 10_000 }, (_, index) => writeFile(path(index), '')));
  expect(await problems()).toEqual([]);
  await writeFile(path(10_000), '');
  expect(await problems()).toEqual([`${home} too-large The home holds more than 10000 files.`]);
});

test('64 files of the largest size are read, one more is refused', async () => {
  const write = async (index: number): Promise<void> => {
    const path = join(home, `apis/${index}.yaml`);
    await writeFile(path, '');
    await truncate(path, 1024 * 1024);
  };
  await Promise.all(Array.from({ length: 64 }, (_, index) => write(index)));
  expect(await problems()).toEqual([]);
  await write(64);
  expect(await problems()).toEqual([
    `${home} too-large The files of the home are larger than 67108864 bytes together.`,
  ]);
});
