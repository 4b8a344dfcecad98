import { describe, expect, test } from 'vitest';
import { followPlan } from './follow-plan.ts';
import { bodyOf, digestOf } from './shared-entry.ts';
import type { SharedRecord } from './shared-record.ts';

const path = 'policies/Gold.yaml';
const entry = (
  revision: number,
  text: string | undefined,
  ...after: readonly (string | undefined)[]
): string => `${revision} ${bodyOf({ text, after: after.map(digestOf) })}`;
const known = (revision: number, text: string | undefined): SharedRecord => ({
  files: { [path]: { revision, digest: digestOf(text), after: [] } },
  pending: {},
});
const nothing: SharedRecord = { files: {}, pending: {} };

/** What is done about one file: by what it holds, what is shared of it, and what was known before. */
function does(text: string | undefined, raw: string | undefined, record: SharedRecord): readonly string[] {
  const home = text === undefined ? [] : [{ path, text }];
  const entries = new Map(raw === undefined ? [] : [[path, raw]]);
  return followPlan(home, entries, record).map((step) => step.do);
}

describe('what a gateway does about a shared file', () => {
  test.each<[string, string | undefined, string | undefined, SharedRecord, readonly string[]]>([
    ['another text after the one it has', 'a', entry(1, 'b', 'a'), nothing, ['follow']],
    ['a later text after the one it has', 'a', entry(7, 'd', 'a', 'b', 'c'), nothing, ['follow']],
    ['a text that it has by chance', 'b', entry(1, 'b', 'a'), nothing, ['follow']],
    ['a new file', undefined, entry(1, 'b', undefined), nothing, ['follow']],
    ['a file that goes', 'a', entry(1, undefined, 'a'), nothing, ['follow']],
    ['a text after one that it took over', 'b', entry(2, 'c'), known(1, 'b'), ['follow']],
    ['a text that it knows', 'b', entry(1, 'b', 'a'), known(1, 'b'), []],
    ['a file changed by hand before anything was shared', 'x', entry(1, 'b', 'a'), nothing, ['leave']],
    ['a file changed by hand after it took one over', 'x', entry(2, 'c', 'b'), known(1, 'b'), ['leave']],
    ['a file put back by hand', 'a', entry(3, 'c', 'a', 'b'), known(2, 'b'), ['leave']],
    ['a file that is ahead of what was recorded', 'b', entry(3, 'c', 'a', 'b'), known(1, 'a'), ['follow']],
    ['a file removed by hand', undefined, entry(2, 'c', 'b'), known(1, 'b'), ['leave']],
    ['a file changed by hand that nobody else changed', 'x', entry(1, 'b', 'a'), known(1, 'b'), []],
    ['an entry that Redis has lost', 'b', undefined, known(5, 'b'), ['restore']],
    ['an older entry than it knows', 'b', entry(3, 'a'), known(5, 'b'), ['restore']],
    ['a lost entry of a file changed by hand', 'x', undefined, known(5, 'b'), []],
    [
      'a revision that was given twice, for the text that nobody takes',
      'b',
      entry(5, 'a'),
      known(5, 'b'),
      ['follow'],
    ],
    [
      'a revision that was given twice, for the text that all take',
      'a',
      entry(5, 'b'),
      known(5, 'a'),
      ['restore'],
    ],
    ['no entry at all', 'a', 'moon', nothing, ['refuse']],
    ['an entry without a revision', 'a', entry(1, 'b', 'a').slice(1), nothing, ['refuse']],
    [
      'an entry with more than it should hold',
      'a',
      `1 ${JSON.stringify({ text: 'b', after: ['x'] })}`,
      nothing,
      ['refuse'],
    ],
  ])('%s', (_, text, raw, record, expected) => {
    expect(does(text, raw, record)).toEqual(expected);
  });

  test('a change that waits to be published is left alone', () => {
    const pending = { [path]: { digest: digestOf('n'), after: [] } };
    expect(does('n', entry(2, 'b', 'a'), { files: {}, pending })).toEqual([]);
  });

  test.each([
    'deployment.toml',
    'repository/conf/deployment.toml',
    'apis/Open.yaml',
    'applications/A.yaml',
    'policies/../deployment.yaml',
    'policies/a/b.yaml',
    '../policies/a.yaml',
    '/policies/a.yaml',
    'policies/.hidden.yaml',
    'policies/a\\..\\b.yaml',
    'policies/a.txt',
    'policies/a\0.yaml',
    `policies/${'a'.repeat(300)}.yaml`,
    '__proto__',
  ])('nothing is ever written to %j', (other) => {
    const entries = new Map([[other, entry(1, 'b', undefined)]]);
    expect(followPlan([], entries, nothing).map((step) => step.do)).toEqual(['refuse']);
  });

  test('changes are made in the order in which they were made elsewhere', () => {
    const entries = new Map(
      [3, 1, 2].map((revision) => [`policies/${revision}.yaml`, entry(revision, 'x', undefined)]),
    );
    expect(followPlan([], entries, nothing).map((step) => step.path)).toEqual([
      'policies/1.yaml',
      'policies/2.yaml',
      'policies/3.yaml',
    ]);
  });
});
