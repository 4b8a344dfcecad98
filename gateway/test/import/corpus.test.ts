import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkHome } from '../../src/cli/commands/check.ts';
import { environment } from '../config/homes.ts';
import { corpusTree, filesBelow, type Lists, listsOf, runImport } from './corpus.ts';
import { expected } from './expected.ts';

let tree = '';
let home = '';
let lists: Lists;
let code = 0;
beforeAll(async () => {
  tree = await corpusTree();
  home = join(tmpdir(), `sluice-imported-${process.pid}`);
  const run = await runImport({ from: tree, to: home });
  lists = listsOf(run.output);
  code = run.code;
});
afterAll(async () => {
  await rm(tree, { recursive: true, force: true });
  await rm(home, { recursive: true, force: true });
});

const listNames = ['exact', 'approximated', 'notSupported', 'ignored'] as const;

/** Each file with its list and all that is said there. */
function rows(): readonly (readonly [file: string, list: string, says: string])[] {
  return listNames.flatMap((list) =>
    lists[list].flatMap(({ files, remarks }) =>
      files.map((file) => [file, list, remarks.map(({ message }) => message).join('\n')] as const),
    ),
  );
}

test('the corpus holds at least 60 exported files, and something for every list', () => {
  expect(Object.keys(expected).length).toBeGreaterThanOrEqual(60);
  expect(new Set(Object.values(expected).map(([list]) => list))).toEqual(new Set(listNames));
});

test('every file of the tree is in exactly one list', async () => {
  const listed = rows().map(([file]) => file);
  expect(listed.toSorted()).toEqual(Object.keys(await filesBelow(tree)).toSorted());
});

test('every file that is not taken over as it is has a reason', () => {
  expect(rows().filter(([, list, says]) => list !== 'exact' && says === '')).toEqual([]);
});

describe('what becomes of', () => {
  test.each(Object.entries(expected))('%s', (file, [list, says = '']) => {
    const [, inList, said] = rows().find(([other]) => other === file) ?? [];
    expect([inList, said]).toEqual([list, expect.stringContaining(says)]);
  });
});

test('the home holds what the first two lists say, and nothing else', async () => {
  const taken = [...lists.exact, ...lists.approximated].flatMap(({ to }) => to);
  const written = Object.keys(await filesBelow(home)).toSorted();
  expect(written).toEqual(taken.toSorted());
  expect(written).toEqual(lists.written.toSorted());
  expect(code).toBe(1);
});

test('the home can be served as it is, once the gateway has its environment', async () => {
  let output = '';
  const stdout = { write: (text: string) => (output += text) };
  const variables = { ...environment.variables, NODE_IP: '10.0.0.7' };
  const checked = await checkHome({
    homePath: home,
    json: false,
    stdout,
    stderr: stdout,
    environment: { ...environment, variables },
  });
  expect(output).not.toContain('error[');
  expect(checked).toBe(0);
});

test('a second run has nothing to write, and finds the same', async () => {
  const again = listsOf((await runImport({ from: tree, to: home })).output);
  expect(again.written).toEqual([]);
  for (const list of listNames)
    expect(again[list].map(({ files }) => files)).toEqual(lists[list].map(({ files }) => files));
});

test('what the home has is kept, and replaced when that is asked for', async () => {
  const path = 'policies/Advanced-Plain.yaml';
  const own = (await filesBelow(home))[path]!.replace('requestCount: 1000', 'requestCount: 7');
  await writeFile(join(home, path), own);
  const kept = listsOf((await runImport({ from: tree, to: home })).output);
  expect(kept.ignored).toContainEqual({
    files: [path],
    to: [],
    remarks: [{ message: `the home has another one in ${path}; --overwrite replaces it` }],
  });
  expect((await filesBelow(home))[path]).toBe(own);
  const replaced = listsOf((await runImport({ from: tree, to: home, overwrite: true })).output);
  expect(replaced.written).toEqual([path]);
  expect((await filesBelow(home))[path]).not.toBe(own);
});
