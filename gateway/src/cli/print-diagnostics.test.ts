import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Diagnostic } from '../config/diagnostic.ts';
import { countFindings, printDiagnostics } from './print-diagnostics.ts';

const error: Diagnostic = {
  severity: 'error',
  code: 'invalid-value',
  message: 'port: found 70000, expected a whole number from 1 to 65535.',
  at: { file: 'deployment.toml', line: 3, column: 9, text: '\tport = 70000' },
};
const warning: Diagnostic = {
  severity: 'warning',
  code: 'unknown-key',
  message: '"prot" is not a key that is known here.',
  hint: 'Did you mean "port"?',
  at: { file: 'deployment.toml', line: 4, column: 1, text: 'prot = ***' },
};
const note: Diagnostic = {
  severity: 'note',
  code: 'no-effect',
  message: 'It has no effect.',
  at: { file: 'apis', line: 1, column: 1, text: '' },
};

function print(diagnostics: readonly Diagnostic[], isTTY = false): string {
  let printed = '';
  printDiagnostics(diagnostics, { isTTY, write: (text: string) => (printed += text) });
  return printed;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a finding is its place, its line with a caret below the column, and its hint', () => {
  expect(print([error, warning, note])).toBe(`deployment.toml:3:9 error[invalid-value] ${error.message}
  \tport = 70000
  \t       ^

deployment.toml:4:1 warning[unknown-key] ${warning.message}
  prot = ***
  ^
  Did you mean "port"?

apis:1:1 note[no-effect] It has no effect.

1 error, 1 warning, 1 note
`);
});

test('nothing is printed when there is nothing to say', () => {
  expect(print([])).toBe('');
});

test('a caret never points past a line that was cut', () => {
  expect(print([{ ...error, at: { ...error.at, column: 400 } }])).not.toContain('^');
});

describe('colours', () => {
  test('only on a terminal', () => {
    vi.stubEnv('NO_COLOR', '');
    expect(print([error], true)).toContain('\u001b[31m');
    expect(print([error], false)).not.toContain('\u001b');
  });

  test('never with NO_COLOR', () => {
    vi.stubEnv('NO_COLOR', '1');
    expect(print([error], true)).not.toContain('\u001b');
  });
});

test.each([
  [[error, error, warning], '2 errors, 1 warning'],
  [[note, note], '2 notes'],
  [[], ''],
])('%# are counted', (diagnostics, count) => {
  expect(countFindings(diagnostics)).toBe(count);
});
