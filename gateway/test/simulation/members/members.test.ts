import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** Runs `npm run simulate:members`; what it printed is part of a failure's message. */
function simulate(...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
      process.stdout.write(stdout);
      resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` });
    });
  });
}

test(
  'no member that comes, goes, freezes or is cut off moves a limit, and no two of them by more than is told',
  { timeout: 600_000 },
  async () => {
    const { code, output } = await simulate('--seeds', '20');
    expect(code, output).toBe(0);
  },
);

/** From a fixed seed: how many seeds a bug takes is a matter of chance. */
test('every planted bug is caught', { timeout: 600_000 }, async () => {
  const { code, output } = await simulate('--planted', '--seed', '1');
  expect(code, output).toBe(0);
});
