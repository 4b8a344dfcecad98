import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { application } from '../support/test-home.ts';
import { type Answer, ApiHome } from './api-home.ts';

const subscription = '/throttling/policies/subscription';

describe('a change of a large home by the admin REST API', () => {
  let api: ApiHome;
  /** The threads that looked at a change. */
  let seen: Worker[];
  let runningMax: number;
  let running: number;
  /** Hears of each before it runs. */
  let began: (worker: Worker) => void;

  const count = (worker: Worker): void => {
    seen.push(worker);
    running += 1;
    runningMax = Math.max(runningMax, running);
    worker.once('exit', () => {
      running -= 1;
    });
    began(worker);
  };

  beforeEach(async () => {
    [seen, running, runningMax, began] = [[], 0, 0, () => {}];
    const some = Array.from({ length: 60 }, (_, index) => `App${index}`);
    api = await ApiHome.start(
      Object.fromEntries(
        some.map((name) => [`applications/${name}.yaml`, application(name, { Open: 'Plan' })]),
      ),
    );
    process.on('worker', count);
  });
  afterEach(() => {
    process.off('worker', count);
    return api.stop();
  });

  const create = (policyName: string, requestCount = 7): Promise<Answer> =>
    api.ask('POST', subscription, {
      body: {
        policyName,
        defaultLimit: {
          type: 'REQUESTCOUNTLIMIT',
          requestCount: { timeUnit: 'min', unitTime: 1, requestCount },
        },
      },
    });
  const policyFiles = (): readonly string[] => readdirSync(join(api.home.path, 'policies'));

  test('is looked at aside; changes that come at once are made one after the other, each seeing those before', async () => {
    const answers = await Promise.all(['A', 'B', 'A', 'C'].map((name) => create(name)));
    const [firstA, b, secondA, c] = answers.map(({ status }) => status);
    expect([b, c, new Set([firstA, secondA])]).toEqual([201, 201, new Set([201, 409])]);
    expect([seen.length, runningMax]).toEqual([3, 1]);
    const names = api.taken.map(({ tiers }) => tiers.subscription.map(({ name }) => name));
    const made = names.map((all) => all.filter((name) => /^[ABC]$/.test(name)).length);
    expect(made).toEqual([1, 2, 3]);
    expect(api.taken.at(-1)?.applications).toHaveLength(61);
  });

  test('is written when it was found good, and not before', async () => {
    const before = policyFiles();
    let atStart: readonly string[] = [];
    began = () => {
      atStart = policyFiles();
    };
    expect((await create('A')).status).toBe(201);
    expect(atStart).toEqual(before);
    expect(policyFiles()).toHaveLength(before.length + 1);
  });

  test('is refused with the findings of a small one', async () => {
    const small = await ApiHome.start();
    try {
      const body = { policyName: 'A', defaultLimit: { type: 'REQUESTCOUNTLIMIT', requestCount: -1 } };
      const [here, there] = await Promise.all(
        [api, small].map((one) => one.ask('POST', subscription, { body })),
      );
      expect([here?.status, here?.body.error.length]).toEqual([400, there?.body.error.length]);
      expect(here?.text).toBe(there?.text);
      expect([seen.length, api.taken.length, policyFiles().length]).toEqual([1, 0, 1]);
    } finally {
      await small.stop();
    }
  });

  test('changes nothing when the thread that looks at it dies, and the next is made', async () => {
    began = (worker) => void worker.terminate();
    expect((await create('A')).status).toBe(500);
    expect(api.bugs.splice(0).map(String)).toEqual([expect.stringContaining('has ended')]);
    expect([api.taken.length, policyFiles().length]).toEqual([0, 1]);
    began = () => {};
    expect((await create('A')).status).toBe(201);
    expect(policyFiles()).toHaveLength(2);
  });
});
