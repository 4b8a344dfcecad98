import { describe, expect, test } from 'vitest';
import type { Diagnostic } from './diagnostic.ts';
import type { Path } from './source-file.ts';
import { parseTomlFile } from './toml-file.ts';

const text = `top = 1
a.b.c = "x"

[apim.redis_config]
host = "h"
pool_options = { max_total = 8, deep = { x = [1, { y = 2 }] } }
'throttling.pool.size' = 1
"quoted key" = 2

[[apim.throttling.url_group]]
type = "one"
[[apim.throttling.url_group]]
type = "two"
`;

function parse(source: string): {
  place: (path: Path, part?: 'key') => string;
  found: readonly Diagnostic[];
} {
  const found: Diagnostic[] = [];
  const file = parseTomlFile({ path: 'deployment.toml', text: source }, (diagnostic) =>
    found.push(diagnostic),
  );
  const place = (path: Path, part?: 'key'): string => {
    const at = file?.place(path, part);
    return `${at?.line}:${at?.column}`;
  };
  return { place, found };
}

describe('places in TOML', () => {
  const { place } = parse(text);
  test.each<[Path, string, string]>([
    [['top'], '1:7', '1:1'],
    [['a', 'b', 'c'], '2:9', '2:1'],
    [['a', 'b'], '2:1', '2:1'],
    [['apim', 'redis_config'], '4:2', '4:2'],
    [['apim', 'redis_config', 'host'], '5:8', '5:1'],
    [['apim', 'redis_config', 'pool_options', 'max_total'], '6:30', '6:18'],
    [['apim', 'redis_config', 'pool_options', 'deep', 'x', 1, 'y'], '6:56', '6:52'],
    [['apim', 'redis_config', 'throttling.pool.size'], '7:26', '7:1'],
    [['apim', 'redis_config', 'quoted key'], '8:16', '8:1'],
    [['apim', 'throttling', 'url_group', 1, 'type'], '13:8', '13:1'],
  ])('%j: value at %s, key at %s', (path, value, key) => {
    expect(place(path)).toBe(value);
    expect(place(path, 'key')).toBe(key);
  });

  test('what does not exist is where the part above it begins', () => {
    expect(place(['apim', 'redis_config', 'port'])).toBe('4:2');
    expect(place(['apim', 'redis_config', 'host', 'deeper', 3])).toBe('5:1');
    expect(place(['nothing'])).toBe('1:1');
  });
});

test('a syntax error has its place, and shows no more of the line than was understood', () => {
  const { found } = parse('a = 1\nport = 63 79\n');
  expect(found).toEqual([
    {
      severity: 'error',
      code: 'syntax',
      message: 'Not valid TOML: each key-value declaration must be followed by an end-of-line.',
      at: { file: 'deployment.toml', line: 2, column: 11, text: 'port = 63 ***' },
    },
  ]);
});

test('the lines of [secrets] are never shown', () => {
  const { found } = parse('[secrets]\nalias = [hunter2]\n');
  expect(JSON.stringify(found)).not.toContain('hunter2');
  const secrets = { path: 'deployment.toml', text: '[secrets]\nalias = "[hunter2]"\n' };
  const place = parseTomlFile(secrets, () => undefined)?.place(['secrets', 'alias']);
  expect(place).toEqual({ file: 'deployment.toml', line: 2, column: 9, text: '' });
});
