import { expect, test } from 'vitest';
import type { ReloadReport } from '../admin/reload.ts';
import type { Config } from '../config/config.ts';
import { readConfig, type ReadConfig } from '../config/read-config.ts';
import { environment, goodFiles, homeOf } from '../../test/config/homes.ts';
import { Reloader } from './reloader.ts';

const good = readConfig(homeOf(goodFiles), environment).config!;
const diagnostics = [
  { severity: 'error', code: 'syntax', message: '', at: { file: 'x', line: 1, column: 1, text: '' } },
  { severity: 'note', code: 'no-effect', message: '', at: { file: 'x', line: 1, column: 1, text: '' } },
] as const;

class Scene {
  readonly taken: Config[] = [];
  readonly heard: [ReloadReport['outcome'], string][] = [];
  readonly bugs: unknown[] = [];
  reads = 0;
  running = 0;
  runningMost = 0;
  found: ReadConfig = { config: good, diagnostics: [] };
  failure: Error | undefined;

  readonly reloader = new Reloader({
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
  scene.found = { diagnostics };
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
    read: undefined,
    takeOver: none,
    reloaded: ({ outcome }) => heard.push(outcome),
    reportBug: none,
  });
  expect(await reloader.reload('SIGHUP')).toEqual({ outcome: 'no-files' });
  expect(heard).toEqual(['no-files']);
});
