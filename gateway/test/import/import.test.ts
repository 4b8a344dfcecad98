import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Files, goodFiles } from '../config/homes.ts';
import { zipOf } from '../support/zip.ts';
import { filesBelow, listsOf, runImport } from './corpus.ts';

let folder = '';
let [from, to] = ['', ''];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-import-'));
  [from, to] = [join(folder, 'from'), join(folder, 'to')];
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(root: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

const { 'repository/conf/deployment.toml': toml = '', ...withoutToml } = goodFiles;
const tier = goodFiles['policies/Subscription-PartnerGold.yaml'] ?? '';

test('a tree without any problem is taken over with exit code 0, into a home that need not exist', async () => {
  await write(from, goodFiles);
  const { code, output } = await runImport({ from, to, json: false });
  expect(code).toBe(0);
  expect(output).toMatch(
    /^taken over exactly \(5\)\n {2}apis\/Orders\/api\.yaml → apis\/Orders-1\.0\.0\/api\.yaml\n/,
  );
  expect(output).toMatch(/5 files written to .*\n$/);
  expect(Object.values(await filesBelow(to)).toSorted()).toEqual(Object.values(goodFiles).toSorted());
});

test('a project at the top of the tree takes nothing else with it', async () => {
  const entries = Object.entries(goodFiles).map(
    ([path, text]) => [path.replace('apis/Orders/', ''), text] as const,
  );
  const files: Files = Object.fromEntries(entries);
  const inDocs = tier.replace('PartnerGold', 'InDocs');
  await write(from, { ...files, 'Docs/x.yaml': inDocs, 'more/a.txt': '' });
  const { output } = await runImport({ from, to });
  const { exact, ignored } = listsOf(output);
  expect(exact.flatMap((one) => one.files).toSorted()).toEqual(Object.keys(files).toSorted());
  expect(ignored.map(({ files: [file], remarks: [remark] }) => `${file}: ${remark?.message}`)).toEqual([
    'Docs/x.yaml: Docs is without effect here',
    'more/a.txt: not a kind of file that exports are',
  ]);
});

test('a dry run says the same and writes nothing', async () => {
  await write(from, goodFiles);
  const { code, output } = await runImport({ from, to, dryRun: true });
  expect([code, listsOf(output).exact.length, listsOf(output).written]).toEqual([0, 5, []]);
  await expect(filesBelow(to)).rejects.toThrow('ENOENT');
});

test('a home without deployment.toml is filled all the same', async () => {
  await write(from, withoutToml);
  expect((await runImport({ from, to })).code).toBe(0);
});

test('things are found in the home by what they are, whatever their files are called', async () => {
  await write(to, {
    ...goodFiles,
    'policies/mine.yaml': tier,
    'policies/Subscription-PartnerGold.yaml': tier.replace('PartnerGold', 'Other'),
  });
  await write(from, {
    'x.yaml': tier,
    'y/api.yaml': (goodFiles['apis/Orders/api.yaml'] ?? '').replace('500', '600'),
  });
  const { output } = await runImport({ from, to, overwrite: true });
  expect(listsOf(output).exact.map(({ files, to: places }) => [files, places])).toEqual([
    [['y/api.yaml'], ['apis/Orders/api.yaml']],
    [['x.yaml'], ['policies/mine.yaml']],
  ]);
  expect(listsOf(output).written).toEqual(['apis/Orders/api.yaml']);
});

test('two things whose files would have one name both have a place', async () => {
  await write(from, {
    ...goodFiles,
    'a.yaml': tier.replace('PartnerGold', '"a/b"'),
    'b.yaml': tier.replace('PartnerGold', 'a-b'),
  });
  const { output } = await runImport({ from, to });
  const places = listsOf(output).exact.flatMap((one) => one.to);
  expect(places).toEqual(
    expect.arrayContaining(['policies/Subscription-a-b.yaml', 'policies/Subscription-a-b-2.yaml']),
  );
});

test('an API that the home has in an archive is not replaced', async () => {
  const { 'apis/Orders/api.yaml': api = '', ...others } = goodFiles;
  await write(to, { ...others, 'apis/Orders.zip': await zipOf({ 'Orders-1.0.0/api.yaml': api }) });
  await write(from, { 'api.yaml': api.replace('500', '600') });
  const { code, output } = await runImport({ from, to, overwrite: true });
  expect(code).toBe(1);
  expect(listsOf(output).ignored[0]?.remarks[0]?.message).toContain(
    'in another form: apis/Orders.zip/Orders-1.0.0/',
  );
});

test('a home with errors, or that is none, is not touched', async () => {
  await write(from, goodFiles);
  await write(to, { ...goodFiles, 'policies/Subscription-PartnerGold.yaml': 'x' });
  const broken = await runImport({ from, to });
  expect([broken.code, broken.output]).toEqual([3, '']);
  expect(broken.said).toContain('policies/Subscription-PartnerGold.yaml:1:1 error');
  await write(folder, { file: '' });
  expect((await runImport({ from, to: join(folder, 'file') })).code).toBe(3);
});

test('a tree that is not there ends with 3', async () => {
  const { code, said } = await runImport({ from, to });
  expect([code, said]).toEqual([3, `${from} can't be read: ENOENT.\n`]);
});

test('when a file cannot be written, all are as they were', async () => {
  const old: Files = { ...goodFiles, 'policies/Subscription-PartnerGold.yaml': tier.replace('5000', '1') };
  await write(to, { ...old, 'policies/Subscription-Zed.yaml/x': '' });
  const before = await filesBelow(to);
  await write(from, {
    ...goodFiles,
    'zed.yaml': tier.replace('PartnerGold', 'Zed'),
    'a.yaml': tier.replace('PartnerGold', 'A'),
  });
  const { code, said } = await runImport({ from, to, overwrite: true });
  expect([code, said]).toEqual([1, expect.stringContaining('policies/Subscription-Zed.yaml: E')]);
  expect(await filesBelow(to)).toEqual(before);
});

test('links, what is no text and what is too large are named, and left out', async () => {
  await write(from, {
    'deployment.toml': toml,
    'big.yaml': 'a'.repeat(1024 * 1024 + 1),
    'latin.yaml': new Uint8Array([0x61, 0xe9]),
  });
  await symlink('/etc/passwd', join(from, 'link.yaml'));
  await write(from, {
    'bomb.zip': await zipOf({ 'api.yaml': Buffer.alloc(2 * 1024 * 1024) }),
    'link.zip': await zipOf({ 'api.yaml': '/' }, { 'api.yaml': 0o120777 }),
  });
  const { code, output } = await runImport({ from, to });
  expect(code).toBe(1);
  expect(
    listsOf(output).notSupported.map(({ files, remarks }) => `${files[0]}: ${remarks[0]?.message}`),
  ).toEqual([
    'big.yaml: The file is larger than 1048576 bytes.',
    'bomb.zip: api.yaml: The file is larger than 1048576 bytes.',
    'latin.yaml: The file is not UTF-8 text.',
    'link.yaml: This is a link; links are not followed.',
    'link.zip: api.yaml: This is a link or device, not a regular file.',
  ]);
});

test('whoever reads the lists may stop reading', async () => {
  await write(from, goodFiles);
  const command = fileURLToPath(new URL('../../bin/sluice.mjs', import.meta.url));
  const child = spawn(process.execPath, [command, 'import', '--from', from, '--to', to]);
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  await once(child, 'close');
  expect([child.exitCode, said]).toEqual([0, '']);
  expect(Object.values(await filesBelow(to)).toSorted()).toEqual(Object.values(goodFiles).toSorted());
});
