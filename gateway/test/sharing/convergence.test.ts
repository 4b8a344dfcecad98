import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configAside } from '../../src/cli/home-aside.ts';
import { readHome } from '../../src/cli/read-home.ts';
import type { RedisSettings } from '../../src/config/config.ts';
import { HomeChanges } from '../../src/home/home-changes.ts';
import { FileExchange } from '../../src/sharing/file-exchange.ts';
import { FileSharer } from '../../src/sharing/file-sharer.ts';
import { systemClock } from '../../src/system-clock.ts';
import { seededRandom } from '../support/random.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const files = {
  'deployment.toml': '',
  'apis/Open.yaml': apiProject({ name: 'Open', production: 1, policies: ['P0'] }),
  'applications/Some.yaml': application('Some', {}),
  'policies/P0.yaml': subscriptionPolicy('P0', { perHour: 1 }),
  'policies/P1.yaml': subscriptionPolicy('P1', { perHour: 1 }),
};

function policyAt(path: string, perHour: number): string {
  return subscriptionPolicy(path.slice(9, 11), { perHour });
}

/** A gateway as far as it shares files. */
class Member {
  readonly home: TestHome = new TestHome(files);
  readonly said: string[] = [];
  readonly #settings: RedisSettings;
  #changes: HomeChanges | undefined;
  #sharer: FileSharer | undefined;

  constructor({ address }: RedisServer) {
    this.#settings = { kind: 'redis', topology: 'standalone', durability: 'primary', ...address, tls: false };
    this.start();
  }

  start(): void {
    const { path } = this.home;
    let last: Promise<unknown> = Promise.resolve();
    const home = new HomeChanges({
      path,
      read: () => readHome(path),
      configOf: (read) => configAside(path, read),
      takeOver: () => Promise.resolve(),
      inTurn: (turn) => {
        const done = last.then(turn);
        last = done.catch(() => {});
        return done;
      },
    });
    const exchange = FileExchange.open(this.#settings, 'tests', systemClock);
    const report = (line: string): unknown => this.said.push(line);
    this.#sharer = new FileSharer({
      name: 'tests',
      homePath: path,
      home,
      exchange,
      clock: systemClock,
      report,
    });
    this.#sharer.start();
    this.#changes = home;
  }

  async change(path: string, text: string | undefined): Promise<void> {
    if (this.#sharer !== undefined) await this.#changes!.change(() => [{ path, text }], this.#sharer);
  }

  async stop(): Promise<void> {
    await this.#sharer?.close();
    this.#sharer = undefined;
  }

  get isUp(): boolean {
    return this.#sharer !== undefined;
  }

  get state(): string {
    const { state, revision, trouble } = this.#sharer!.status;
    return `${state} ${revision} ${trouble ?? ''}`.trim();
  }

  get policies(): Readonly<Record<string, string>> {
    const folder = join(this.home.path, 'policies');
    const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  }
}

describe.skipIf(redisMissing)('whatever happens to gateways and their Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis?.stop());

  test('all end with the same files, and nobody takes a change of another for one by hand', async () => {
    const random = seededRandom();
    const happened = { changes: 0, restarts: 0, losses: 0, outages: 0 };
    const members = Array.from({ length: 3 }, () => new Member(redis));
    try {
      for (let step = 0; step < 60; step += 1) {
        const member = random.pick(members);
        const path = `policies/P${random.below(4)}.yaml`;
        const luck = random.below(12);
        if (luck === 0 && member.isUp) {
          await member.stop();
        } else if (luck === 1 && !member.isUp) {
          member.start();
          happened.restarts += 1;
        } else if (luck === 2) {
          await redis.ask('FLUSHALL');
          happened.losses += 1;
        } else if (luck === 3) {
          await redis.kill();
          for (const one of members) await one.change(path, policyAt(path, 1000 + step));
          await redis.restart();
          happened.outages += 1;
        } else {
          // Sometimes two at once, and sometimes with time for the others to look.
          const both = random.chance(0.3) ? [member, random.pick(members)] : [member];
          const goes = path !== 'policies/P0.yaml' && random.chance(0.2);
          await Promise.all(
            both.map((one, index) =>
              one.change(path, goes ? undefined : policyAt(path, 10 + 2 * step + index)),
            ),
          );
          if (random.chance(0.1)) await sleep(random.below(400));
          happened.changes += 1;
        }
      }
      for (const one of members) if (!one.isUp) one.start();
      await until(async () => {
        const revision = String(await redis.ask('HGET', 'sluice:files:tests', '#revision'));
        return members.every((one) => one.state === `in step ${revision}`);
      }, 20_000).catch((error: unknown) => {
        const seen = members.map((one) => `${one.state}\n${one.said.slice(-5).join('\n')}`).join('\n');
        throw new Error(`seed ${random.seed}: ${seen}`, { cause: error });
      });
      const [first, ...others] = members.map((one) => one.policies);
      for (const other of others) expect(other, `seed ${random.seed}`).toEqual(first);
      for (const one of members)
        expect(
          one.said.filter((line) => line.includes('by hand')),
          `seed ${random.seed}`,
        ).toEqual([]);
      expect(happened.changes, JSON.stringify(happened)).toBeGreaterThan(10);
    } finally {
      for (const one of members) {
        await one.stop();
        rmSync(one.home.path, { recursive: true, force: true });
      }
    }
  });
});
