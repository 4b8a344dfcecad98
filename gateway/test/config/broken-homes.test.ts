import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkHome } from '../../src/cli/commands/check.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { brokenApis } from './broken/apis.ts';
import { brokenApplications } from './broken/applications.ts';
import { brokenDeployments } from './broken/deployment-toml.ts';
import { brokenFolders } from './broken/folders.ts';
import { brokenPolicies } from './broken/policies.ts';
import { brokenProducts } from './broken/products.ts';
import { brokenStores } from './broken/stores.ts';
import { environment, type Files, goodFiles, homeOf, lines } from './homes.ts';

const brokenHomes = [
  ...brokenFolders,
  ...brokenDeployments,
  ...brokenStores,
  ...brokenApis,
  ...brokenPolicies,
  ...brokenApplications,
  ...brokenProducts,
];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-homes-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function check(homePath: string): Promise<{ code: number; output: string }> {
  let output = '';
  const stdout = { write: (text: string) => (output += text) };
  const stderr = { write: () => expect.unreachable('check prints its results to stdout') };
  const code = await checkHome({ homePath, json: false, stdout, stderr, environment });
  return { code, output };
}

async function write(name: string, files: Files): Promise<string> {
  const home = join(folder, name);
  await mkdir(home);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(path.endsWith('/') ? join(home, path) : dirname(join(home, path)), { recursive: true });
    if (!path.endsWith('/')) await writeFile(join(home, path), text);
  }
  return home;
}

test('there are at least 40 broken homes, each broken in its own way', () => {
  expect(brokenHomes.length).toBeGreaterThanOrEqual(40);
  expect(new Set(brokenHomes.map(({ name }) => name)).size).toBe(brokenHomes.length);
});

describe.each(brokenHomes)('a home with $name', ({ name, files, at, says, errors: count = 1 }) => {
  test('gives no config, and the error says where and what', () => {
    const { config, diagnostics } = readConfig(homeOf(files), environment);
    expect(config).toBeUndefined();
    const errors = lines(diagnostics.filter(({ severity }) => severity === 'error'));
    expect(errors).toHaveLength(count);
    const error = errors.find((line) => line.startsWith(`${at} `));
    expect(error, errors.join('\n')).toContain(says);
  });

  test('makes check end with 3 and print the place', async () => {
    const { code, output } = await check(await write(name.replaceAll(/\W/g, '-'), files));
    expect(code).toBe(3);
    expect(output).toContain(at);
    expect(output).not.toContain('hunter2');
  });
});

describe('a home that is not there', () => {
  test('a missing folder is said to be missing', async () => {
    const path = join(folder, 'nowhere');
    expect(await check(path)).toEqual({
      code: 3,
      output: `${path}:1:1 error[missing-home] There is no such folder.\n\n1 error\n`,
    });
  });

  test('an empty folder is said to hold nothing', async () => {
    const path = await write('empty', {});
    const { code, output } = await check(path);
    expect(code).toBe(3);
    expect(output).toContain(`${path}:1:1 error[missing-home] The folder holds no file of a home.`);
  });

  test('a file is said to be no folder', async () => {
    const path = join(await write('file', { 'deployment.toml': '' }), 'deployment.toml');
    expect((await check(path)).output).toContain('This is not a folder.');
  });
});

test('a home without problems ends with 0', async () => {
  expect(await check(await write('good', goodFiles))).toEqual({
    code: 0,
    output: 'repository/conf/deployment.toml and 4 more files: no problem found\n',
  });
});
