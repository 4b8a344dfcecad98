import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { machineEnvironment } from './machine.ts';

const home = mkdtempSync(join(tmpdir(), 'sluice-home-'));
afterAll(() => rmSync(home, { recursive: true }));

test('a file that a setting names is looked up below the home, or where its absolute path says', () => {
  mkdirSync(join(home, 'tls'));
  writeFileSync(join(home, 'tls/ca.pem'), 'text');
  const { namedFile } = machineEnvironment(home);
  expect(namedFile?.('tls/ca.pem')).toEqual({ text: 'text' });
  expect(namedFile?.(join(home, 'tls/ca.pem'))).toEqual({ text: 'text' });
});

test('one that is not there, is a folder or is too large is a problem, not an exception', () => {
  writeFileSync(join(home, 'large.pem'), '');
  truncateSync(join(home, 'large.pem'), 1024 * 1024 + 1);
  const { namedFile } = machineEnvironment(home);
  expect(namedFile?.('no.pem')).toEqual({ problem: 'ENOENT' });
  expect(namedFile?.('.')).toEqual({ problem: 'it is not a regular file' });
  expect(namedFile?.('large.pem')).toEqual({ problem: 'it is larger than 1048576 bytes' });
});
