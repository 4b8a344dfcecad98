import { describe, expect, test } from 'vitest';
import type { Diagnostic } from './diagnostic.ts';
import type { Path, SourceFile } from './source-file.ts';
import { parseYamlFile } from './yaml-file.ts';

function parse(text: string): { file: SourceFile | undefined; found: readonly Diagnostic[] } {
  const found: Diagnostic[] = [];
  const file = parseYamlFile({ path: 'a.yaml', text }, (diagnostic) => found.push(diagnostic));
  return { file, found };
}

function syntaxErrors(text: string): readonly string[] {
  return parse(text).found.map(({ at, code, message }) => `${at.line}:${at.column} ${code} ${message}`);
}

describe('places in YAML', () => {
  const { file } = parse(`type: api
data:
  name: Orders
  list: [1, {a: 2}]
  operations:
    - target: /a
      verb: GET
    - {target: /b}
  empty:
  shared: &shared {x: 1}
  again: *shared
`);
  const place = (path: Path, part?: 'key'): string => {
    const at = file?.place(path, part);
    return `${at?.line}:${at?.column}`;
  };

  test.each<[Path, string, string]>([
    [['type'], '1:7', '1:1'],
    [['data'], '3:3', '2:1'],
    [['data', 'list', 1, 'a'], '4:17', '4:14'],
    [['data', 'operations', 0, 'verb'], '7:13', '7:7'],
    [['data', 'operations', 1, 'target'], '8:16', '8:8'],
    [['data', 'again', 'x'], '10:23', '10:20'],
  ])('%j: value at %s, key at %s', (path, value, key) => {
    expect(place(path)).toBe(value);
    expect(place(path, 'key')).toBe(key);
  });

  test('what does not exist is where the part above it begins', () => {
    expect(place(['data', 'context'])).toBe('2:1');
    expect(place(['data', 'operations', 1, 'verb'])).toBe('8:7');
    expect(place(['data', 'operations', 7])).toBe('5:3');
  });
});

test('JSON is read too, tabs included, with places', () => {
  const { file, found } = parse('{\n\t"type": "api",\n\t"data": {"version": 1.10}\n}\n');
  expect(found).toEqual([]);
  expect(file?.value).toEqual({ type: 'api', data: { version: '1.10' } });
  expect(file?.place(['data', 'version'])).toMatchObject({ line: 3, column: 22 });
});

test('a number that would lose its spelling stays as it was written', () => {
  expect(parse('a: 1.0\nb: 1\nc: 0x10\nd: 12345678901234567890\ne: 1e3\nf: "1.0"').file?.value).toEqual({
    a: '1.0',
    b: 1,
    c: '0x10',
    d: '12345678901234567890',
    e: '1e3',
    f: '1.0',
  });
});

test.each([
  ['a: 1\nb: 2\na: 3', '3:1 syntax Not valid YAML: the key "a" stands here twice.'],
  [
    'a: [1, 2\nb: 3',
    '2:1 syntax Not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ].',
  ],
  ['a: 1\n---\nb: 2', '2:1 syntax Not valid YAML: found a second document, expected one.'],
  ['a: *nothing', '1:4 syntax Not valid YAML: there is no such anchor before this alias.'],
  [
    'a: &x {b: 1}\nc:\n  <<: *x',
    '3:3 syntax Not valid YAML: merge keys (<<) are not supported, write the keys out.',
  ],
  ['a: !java x', '1:4 syntax Not valid YAML: Unresolved tag.'],
  ['', '1:1 empty-file The file is empty.'],
  ['# only words', '1:1 empty-file The file is empty.'],
  [`a: ${'['.repeat(150)}${']'.repeat(150)}`, '1:102 syntax Not valid YAML: the file is nested too deeply.'],
  [`a: ${'['.repeat(100_000)}`, expect.stringContaining('nested too deeply')],
  [
    `a: &a [${'x,'.repeat(9)}]\nb: [${'*a,'.repeat(101)}]`,
    expect.stringContaining('anchors are used more than 100 times'),
  ],
])('%.20s… is refused with its place', (text, error) => {
  expect(syntaxErrors(text)).toEqual([error]);
});

test('anchors inside anchors cannot explode', () => {
  const level = (name: string, of: string): string => `${name}: &${name} [${`${of},`.repeat(9)}]`;
  const text = [level('a', 'x'), level('b', '*a'), level('c', '*b'), level('d', '*c'), level('e', '*d')].join(
    '\n',
  );
  expect(syntaxErrors(text)).toEqual(['1:1 syntax Not valid YAML: anchors are used more than 100 times.']);
});

test.each([
  'a: b\n} hunter2',
  'password: !hunter2 x',
  'password: *hunter2',
  '%hunter2',
  'password: |hunter2',
  'password: @hunter2',
])('the message about %j does not quote the file', (text) => {
  const { found } = parse(text);
  expect(found).toHaveLength(1);
  expect(JSON.stringify(found)).not.toContain('hunter2');
});

test('more than a hundred warnings and notes about one file are cut, errors are not', () => {
  const { file, found } = parse('a: 1');
  for (let index = 0; index < 150; index += 1) {
    file?.warning({ code: 'unknown-key', path: ['a'], message: 'a warning' });
    file?.error({ code: 'invalid-value', path: ['a'], message: 'an error' });
  }
  expect(found.filter(({ severity }) => severity === 'error')).toHaveLength(150);
  expect(found.filter(({ severity }) => severity !== 'error')).toHaveLength(101);
  expect(found.filter(({ code }) => code === 'more-findings')).toHaveLength(1);
});
