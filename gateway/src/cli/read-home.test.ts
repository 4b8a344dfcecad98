import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { zipOf } from '../../test/support/zip.ts';
import { readHome } from './read-home.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sluice-home-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function write(path: string, content: string | Uint8Array = 'x'): Promise<string> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), content);
  return join(home, path);
}

async function paths(): Promise<readonly string[]> {
  const read = await readHome(home);
  return 'home' in read ? read.home.map(({ path, text }) => (text === '' ? `${path} unread` : path)) : [];
}

async function problems(): Promise<readonly string[]> {
  const read = await readHome(home);
  if ('home' in read) return [];
  return read.diagnostics.map(({ code, at, message }) => `${at.file} ${code} ${message}`);
}

test('the files of every folder are read, and of projects those that mean something', async () => {
  await write('repository/conf/deployment.toml');
  await write('repository/conf/log4j2.properties');
  await write('apis/Orders/api.yaml');
  await write('apis/Orders/Definitions/swagger.yaml');
  await write('apis/Orders/Definitions/asyncapi.yaml');
  await write('apis/Orders/Docs/x.yaml');
  await write('apis/Orders/params.yaml');
  await mkdir(join(home, 'apis/Orders/Image'));
  await write('apis/Payments.json');
  await write('policies/Subscription-Gold.yml');
  await write('applications/App.yaml');
  await write('applications/Web/application.yaml');
  await write('deny-policies/one.json');
  await write('README.md');
  expect(await paths()).toEqual([
    'repository/conf/deployment.toml',
    'apis/Orders/Definitions/asyncapi.yaml unread',
    'apis/Orders/Definitions/swagger.yaml',
    'apis/Orders/Docs/ unread',
    'apis/Orders/api.yaml',
    'apis/Orders/params.yaml',
    'apis/Payments.json',
    'policies/Subscription-Gold.yml',
    'applications/App.yaml',
    'applications/Web/application.yaml',
    'deny-policies/one.json',
  ]);
});

test('the project of a product is read with those of its APIs, in a folder and in an archive', async () => {
  const project = {
    'api_product.yaml': 'x',
    'Docs/a.txt': 'x',
    'APIs/Orders-1.0.0/api.yaml': 'x',
    'APIs/Orders-1.0.0/Definitions/swagger.yaml': 'x',
    'APIs/Orders-1.0.0/Docs/a/b.yaml': 'x',
    'APIs/Empty-1.0.0/readme.txt': 'x',
  };
  for (const [path, text] of Object.entries(project)) await write(`apis/Desk/${path}`, text);
  const inFolder = Object.entries(project).map(([path, text]) => [`Top-1.0.0/${path}`, text] as const);
  await write('apis/Packed.zip', await zipOf(Object.fromEntries(inFolder)));
  const parts = [
    'APIs/Orders-1.0.0/Definitions/swagger.yaml',
    'APIs/Orders-1.0.0/Docs/ unread',
    'APIs/Orders-1.0.0/api.yaml',
    'Docs/ unread',
    'api_product.yaml',
  ];
  const found = await paths();
  const below = (folder: string): readonly string[] =>
    found.flatMap((path) => (path.startsWith(folder) ? path.slice(folder.length) : [])).toSorted();
  expect(below('apis/Desk/')).toEqual(['APIs/Empty-1.0.0/ unread', ...parts]);
  expect(below('apis/Packed.zip/Top-1.0.0/')).toEqual(['APIs/ unread', ...parts]);
});

test('archives are read as the projects in them, whether they have a folder of their own or not', async () => {
  const project = {
    'api.yaml': 'x',
    'Definitions/swagger.yaml': 'x',
    'Docs/a/b.yaml': 'x',
    '__MACOSX/api.yaml': 'x',
  };
  const inFolder = Object.fromEntries(
    Object.entries(project).map(([path, text]) => [`Top-1.0.0/${path}`, text]),
  );
  await write('deployment.toml');
  await write('apis/Flat.zip', await zipOf(project));
  await write('apis/Nested.zip', await zipOf({ 'Top-1.0.0/': '', ...inFolder }));
  await write('apis/Other.zip', await zipOf({ 'readme.txt': 'x' }));
  await write('applications/Web.zip', await zipOf({ 'admin-Web/application.yaml': 'x' }));
  expect(await paths()).toEqual([
    'deployment.toml',
    'apis/Flat.zip/api.yaml',
    'apis/Flat.zip/Definitions/swagger.yaml',
    'apis/Flat.zip/Docs/ unread',
    'apis/Nested.zip/Top-1.0.0/api.yaml',
    'apis/Nested.zip/Top-1.0.0/Definitions/swagger.yaml',
    'apis/Nested.zip/Top-1.0.0/Docs/ unread',
    'apis/Other.zip/ unread',
    'applications/Web.zip/admin-Web/application.yaml',
  ]);
});

test('an archive that is refused, or holds what is not text, is named with the file inside', async () => {
  await write('deployment.toml');
  await write('apis/Broken.zip', 'PK');
  await write('apis/Binary.zip', await zipOf({ 'api.yaml': new Uint8Array([0xff]) }));
  await write('apis/Link.zip', await zipOf({ 'api.yaml': '/etc/passwd' }, { 'api.yaml': 0o120777 }));
  expect((await problems()).map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
    'apis/Binary.zip/api.yaml unreadable-file',
    'apis/Broken.zip unreadable-file',
    'apis/Link.zip/api.yaml unreadable-file',
  ]);
});

test("hidden files and editors' copies are passed over", async () => {
  await write('deployment.toml');
  for (const name of ['.a.yaml.swp', '.hidden.yaml', 'a.yaml~', '.git/x.yaml']) await write(`apis/${name}`);
  expect(await paths()).toEqual(['deployment.toml']);
});

test('what else lies in the folders is listed unread, to be reported', async () => {
  await write('apis/NoDescription/README.md');
  await write('policies/README.md');
  await write('policies/old/Subscription-Gold.yaml');
  expect(await paths()).toEqual([
    'apis/NoDescription/ unread',
    'policies/README.md unread',
    'policies/old/ unread',
  ]);
});

test('symbolic links are followed, as container platforms mount files', async () => {
  const real = await write('..data/deployment.toml');
  await symlink(real, join(home, 'deployment.toml'));
  expect(await paths()).toEqual(['deployment.toml']);
});

test('a byte order mark is no part of the text', async () => {
  await write('deployment.toml', '\uFEFF[server]\n');
  expect(await readHome(home)).toEqual({ home: [{ path: 'deployment.toml', text: '[server]\n' }] });
});

test('a file that is not UTF-8, too large, no file, or a dead link is named, all in one run', async () => {
  await write('deployment.toml', new Uint8Array([0x61, 0xff, 0x61]));
  await truncate(await write('apis/large.yaml'), 1024 * 1024 + 1);
  await mkdir(join(home, 'policies'));
  await symlink(join(home, 'nowhere'), join(home, 'policies/dead.yaml'));
  await write('applications', 'not a folder');
  expect(await problems()).toEqual([
    "applications unreadable-file The folder can't be read: ENOTDIR.",
    'deployment.toml unreadable-file The file is not UTF-8 text.',
    'apis/large.yaml too-large The file is larger than 1048576 bytes.',
    "policies/dead.yaml unreadable-file The file can't be read: ENOENT.",
  ]);
});

test.skipIf(process.getuid?.() === 0)('a file without permission is named', async () => {
  await chmod(await write('deployment.toml'), 0);
  expect(await problems()).toEqual(["deployment.toml unreadable-file The file can't be read: EACCES."]);
});

test('a file of the largest size is read', async () => {
  await write('deployment.toml', '#'.repeat(1024 * 1024));
  expect(await paths()).toEqual(['deployment.toml']);
});
