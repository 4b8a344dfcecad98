import { expect, test } from 'vitest';
import type { ReloadReport } from '../admin/reload.ts';
import type { Config } from '../config/config.ts';
import type { Diagnostic } from '../config/diagnostic.ts';
import { readConfig } from '../config/read-config.ts';
import { environment, goodFiles, homeOf } from '../../test/config/homes.ts';
import type { HomeConfig } from './home-config.ts';
import { Reloader } from './reloader.ts';

const good = readConfig(homeOf(goodFiles), environment).config!;
const first: HomeConfig = {
  config: good,
  diagnostics: [],
  digest: 'first',
  namedPaths: ['tls/ca.pem'],
  files: 3,
};
const diagnostics: readonly Diagnostic[] = [
  { severity: 'error', code: 'syntax', message: '', at: { file: 'x', line: 1, column: 1, text: '' } },
  { severity: 'note', code: 'no-effect', message: '', at: { file: 'x', line: 1, column: 1, text: '' } },
];
const refused: HomeConfig = { diagnostics, digest: 'bad', namedPaths: [], files: 0 };

const rest = (): Promise<boolean> => Promise.resolve(true);

class Scene {
  readonly taken: Config[] = [];
  readonly heard: [ReloadReport['outcome'], string][] = [];
  readonly bugs: unknown[] = [];
  reads = 0;
  running = 0;
  runningMost = 0;
  found: HomeConfig = { ...first, digest: 'second', namedPaths: [] };
  failure: Error | undefined;

  readonly reloader = new Reloader({
    first,
    read: async () => {
      this.reads += 1;
      this.running += 1;
      this.runningMost = Math.max(this.runningMost, this.running);
      const { found } = this;
      await Promise.resolve();
      this.running -= 1;
      return found;
    },
    takeOver: (config) => {
      if (this.failure !== undefined) return Promise.reject(this.failure);
      this.taken.push(config);
      return Promise.resolve(['the store']);
    },
    reloaded: ({ outcome }, askers) => this.heard.push([outcome, askers]),
    reportBug: (error) => this.bugs.push(error),
  });
}

test('who asks while a reload runs gets the report of one that begins afterwards, together', async () => {
  const scene = new Scene();
  const first = scene.reloader.reload('SIGHUP');
  await Promise.resolve();
  expect(scene.reads).toBe(1);
  const others = ['SIGHUP', 'POST /reload', 'SIGHUP'].map((asker) => scene.reloader.reload(asker));
  expect(await first).toMatchObject({ outcome: 'in-force', restartNeeded: ['the store'] });
  const reports = await Promise.all(others);
  expect(new Set(reports).size).toBe(1);
  expect(reports[0]).toMatchObject({ outcome: 'in-force', apis: good.apis.length });
  expect([scene.reads, scene.runningMost]).toEqual([2, 1]);
  expect(scene.heard).toEqual([
    ['in-force', 'SIGHUP'],
    ['in-force', 'SIGHUP, POST /reload'],
  ]);
});

test('files that are refused change nothing, and the report says why, but for notes', async () => {
  const scene = new Scene();
  scene.found = refused;
  expect(await scene.reloader.reload('SIGHUP')).toEqual({
    outcome: 'refused',
    diagnostics: [diagnostics[0]],
  });
  expect(scene.taken).toEqual([]);
});

test('a failure is told as a bug, and the next reload runs all the same', async () => {
  const scene = new Scene();
  scene.failure = new Error('a thread');
  expect(await scene.reloader.reload('SIGHUP')).toEqual({ outcome: 'failed' });
  expect(scene.bugs).toEqual([scene.failure]);
  scene.failure = undefined;
  expect(await scene.reloader.reload('SIGHUP')).toMatchObject({ outcome: 'in-force' });
});

test('without files there is nothing to read again', async () => {
  const heard: string[] = [];
  const none = (): never => expect.fail('called');
  const reloader = new Reloader({
    read: none,
    first: undefined,
    takeOver: none,
    reloaded: ({ outcome }) => heard.push(outcome),
    reportBug: none,
  });
  expect(await reloader.reload('SIGHUP')).toEqual({ outcome: 'no-files' });
  expect(heard).toEqual(['no-files']);
});

test('files that say what they said before are passed over, unless somebody wants to know', async () => {
  const scene = new Scene();
  scene.found = first;
  await scene.reloader.reloadIfChanged('changed', rest);
  expect([scene.reads, scene.heard]).toEqual([1, []]);
  await Promise.all([scene.reloader.reloadIfChanged('changed', rest), scene.reloader.reload('SIGHUP')]);
  expect(scene.heard).toEqual([['in-force', 'changed, SIGHUP']]);
});

test('what is wrong is said once, and what is right again too, though it was in force all the time', async () => {
  const scene = new Scene();
  scene.found = refused;
  for (let times = 0; times < 3; times += 1) await scene.reloader.reloadIfChanged('changed', rest);
  scene.found = first;
  for (let times = 0; times < 3; times += 1) await scene.reloader.reloadIfChanged('changed', rest);
  expect(scene.heard).toEqual([
    ['refused', 'changed'],
    ['in-force', 'changed'],
  ]);
});

test('files that the gateway could not go by are tried again with the next change', async () => {
  const scene = new Scene();
  scene.failure = new Error('a thread');
  await scene.reloader.reloadIfChanged('changed', rest);
  scene.failure = undefined;
  await scene.reloader.reloadIfChanged('changed', rest);
  expect(scene.heard.map(([outcome]) => outcome)).toEqual(['failed', 'in-force']);
});

test('what was read while it was written does not count, unless somebody wants to know', async () => {
  const scene = new Scene();
  const written = (): Promise<boolean> => Promise.resolve(false);
  await scene.reloader.reloadIfChanged('changed', written);
  expect([scene.reads, scene.heard, scene.taken]).toEqual([1, [], []]);
  await scene.reloader.reloadIfChanged('changed', rest);
  expect(scene.heard).toEqual([['in-force', 'changed']]);
});
