import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const sources = new URL('../../src/', import.meta.url);

test('methods of strings are fast, though the Redis client extends String', () => {
  const script = `
    await import('ioredis');
    const { makeStringsFast } = await import('${new URL('fast-strings.ts', sources).href}');
    const before = %HasFastProperties(String.prototype);
    makeStringsFast();
    console.log(before, %HasFastProperties(String.prototype));`;
  const args = ['--allow-natives-syntax', '--input-type=module', '--eval', script];
  const said = execFileSync(process.execPath, args, { cwd: fileURLToPath(sources), encoding: 'utf8' });
  expect(said).toBe('false true\n');
});
