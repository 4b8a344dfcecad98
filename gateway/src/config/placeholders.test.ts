import { describe, expect, test } from 'vitest';
import type { Diagnostic } from './diagnostic.ts';
import { placeholders } from './placeholders.ts';
import { parseTomlFile } from './toml-file.ts';

const text = `[server]
hostname = "gw"
offset = 3
[x]
both = "$ref{server.hostname}-$ref{server.offset}"
circle = "$ref{x.round}"
round = "$ref{x.circle}"
long0 = "${'l'.repeat(6000)}"
long1 = "$ref{x.long0}$ref{x.long0}"
'with.dots' = "dotted"
[secrets]
plain = "[s3cret]"
encrypted = "kuv2MubUUveMyv6GeHrXr9il59ajJIqUI4eoYHcgGKf"
`;

const variables = { NODE_IP: '10.0.0.7', 'carbon.id': 'exact', CARBON_HOME: '/opt', EMPTY: '' };

function expand(value: string): string | undefined | { message: string; hint: string | undefined } {
  const found: Diagnostic[] = [];
  const source = parseTomlFile({ path: 'deployment.toml', text }, (diagnostic) => found.push(diagnostic));
  const expanded = placeholders(source!, { variables, hostName: 'h' })(value, ['x', 'both']);
  const [problem] = found;
  return problem === undefined ? expanded : { message: problem.message, hint: problem.hint };
}

test.each([
  ['plain text', 'plain text'],
  ['$env{NODE_IP}', '10.0.0.7'],
  ['a-$env{NODE_IP}-$env{EMPTY}-$env{NODE_IP}', 'a-10.0.0.7--10.0.0.7'],
  ['$sys{carbon.id}', 'exact'],
  ['$sys{carbon.home}', '/opt'],
  ['$ref{x.both}', 'gw-3'],
  ['$ref{x.with.dots}', 'dotted'],
  ['$secret{plain}', 's3cret'],
  ['${carbon.home}/x', '${carbon.home}/x'],
  ['$other{x} costs $5 {}', '$other{x} costs $5 {}'],
])('%s becomes %s', (value, expanded) => {
  expect(expand(value)).toBe(expanded);
});

describe('what cannot be resolved is said, with a way out', () => {
  test.each<[string, unknown, unknown]>([
    ['$env{NODE_I}', 'The environment variable "NODE_I" is not set.', undefined],
    ['$env{toString}', 'The environment variable "toString" is not set.', undefined],
    ['$sys{a.b}', 'The system property "a.b" is not set.', expect.stringContaining('"A_B"')],
    [
      '$ref{server.hostnam}',
      'There is no value "server.hostnam" in this file.',
      'Did you mean "server.hostname"?',
    ],
    ['$ref{server}', 'There is no value "server" in this file.', undefined],
    ['$ref{x.circle}', '"x.circle" refers to "x.round" refers to "x.circle", in a circle.', undefined],
    ['$ref{x.long1}', 'The value is longer than 10000 characters.', undefined],
    ['$secret{plane}', 'There is no "plane" in [secrets].', 'Did you mean "plain"?'],
    [
      '$secret{encrypted}',
      expect.stringContaining('encrypted by WSO2'),
      expect.stringContaining('$env{NAME}'),
    ],
    ['$env{NODE_IP', 'A placeholder has no closing brace.', undefined],
  ])('%s', (value, message: unknown, hint: unknown) => {
    expect(expand(value)).toEqual({ message, hint });
  });
});
