import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkHome } from '../../src/cli/commands/check.ts';
import type { Claim, GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import { StoreError } from '../../src/limits/counter-store.ts';
import type { Limit } from '../../src/limits/limit.ts';
import { sentinelUserLine, userLine } from '../../src/stores/redis/acl.ts';
import { ClaimPipeline } from '../../src/stores/redis/claim-pipeline.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { findingCodes } from '../../src/stores/redis/inspect.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { environment, goodFiles } from '../config/homes.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { StoreEar } from '../support/store-ear.ts';
import { TestHome } from '../support/test-home.ts';

const counters = `[throttle_properties]\n'throttling.distributed.counter.type' = "redis"\n`;

async function check(redis: string, json = false): Promise<{ code: number; out: string }> {
  const home = new TestHome({
    ...goodFiles,
    'repository/conf/deployment.toml': `${redis}\n${counters}`,
  });
  let out = '';
  const stdout = { write: (text: string) => (out += text) };
  const options = { homePath: home.path, json, online: true, stdout, stderr: stdout, environment };
  try {
    return { code: await checkHome(options), out };
  } finally {
    home.remove();
  }
}

describe.skipIf(redisMissing)('sluice check --online', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server?.stop());
  const at = (more = ''): string => `[apim.redis_config]\nhost = "127.0.0.1"\nport = ${server.port}\n${more}`;

  test('names version, role, persistence, eviction policy and replicas', async () => {
    const { code, out } = await check(at());
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(
        `^127\\.0\\.0\\.1:${server.port}: (Redis|Valkey) [\\d.]+, primary with 0 replicas, persistence none, maxmemory-policy noeviction$`,
        'm',
      ),
    );
    expect(out).toContain('warning[not-persistent]');
  });

  test('an evicting policy is an error', async () => {
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const { code, out } = await check(at(), true);
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      diagnostics: [],
      servers: [{ evictionPolicy: 'allkeys-lru', role: 'primary' }],
      findings: [{ severity: 'error', code: 'evicting' }, { code: 'not-persistent' }],
    });
  });

  test('a durability that no replica can give is an error', async () => {
    const { code, out } = await check(`${at()}\n[sluice.store]\ndurability = "replica"`);
    expect(code).toBe(1);
    expect(out).toContain('error[no-replica] durability is "replica", and this primary has none');
  });

  test('a server out of reach, and a password that is wrong, end with 4 and say why', async () => {
    const nowhere = await check('[sluice.redis]\nurl = "redis://127.0.0.1:1"');
    expect(nowhere.code).toBe(4);
    expect(nowhere.out).toContain('127.0.0.1:1 error[unreachable] No answer: connect ECONNREFUSED');
    const wrong = await check(at('user = "nobody"\npassword = "hunter2"'));
    expect(wrong.code).toBe(4);
    expect(wrong.out).toContain('WRONGPASS');
    expect(wrong.out).not.toContain('hunter2');
  });

  test('counters without a Redis need no connection', async () => {
    const home = new TestHome({ ...goodFiles, 'repository/conf/deployment.toml': '' });
    let out = '';
    const stdout = { write: (text: string) => (out += text) };
    const options = { homePath: home.path, json: false, online: true, stdout, stderr: stdout, environment };
    expect(await checkHome(options)).toBe(0);
    home.remove();
    expect(out).toContain('no Redis to connect to');
  });

  test('the page about failures shows the lines that it prints, and explains every code', async () => {
    const page = readFileSync(new URL('../../../docs/high-availability.md', import.meta.url), 'utf8');
    expect(page).toContain(userLine('gw', { database: 0, isCluster: false, isDurable: false, isHub: false }));
    expect(page).toContain(sentinelUserLine('watch'));
    const table = page.slice(page.indexOf('| finding | is | when |'));
    expect([...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code)).toEqual([...findingCodes]);
  });

  describe('the rules of an ACL', () => {
    const gateway = 'acl' as GatewayId;
    const limits: readonly Limit[] = [
      { kind: 'fixed-window', quota: 5, windowMs: 60_000, starts: 'aligned' },
      { kind: 'sliding-window', quota: 5, windowMs: 60_000 },
      { kind: 'token-bucket', quota: 5, windowMs: 60_000, burst: 5 },
    ];
    /** Does all that a store does, on a database of its own, and gives what Redis has refused. */
    const refused = async (user: string): Promise<readonly string[]> => {
      await server.ask('ACL', 'LOG', 'RESET');
      let nowMs = 1_790_000_000_000;
      const access = { ...server.address, user, password: 'pass', database: 2 };
      const real = new RedisStore({
        redis: connectRedis(access),
        durable: new ClaimPipeline({ lanes: [connectRedis(access)], replicaWaitMs: 5 }),
        gateway,
        clock: systemClock,
        events: new StoreEar(),
      });
      const virtual = new RedisStore({
        redis: connectRedis(access),
        gateway,
        clock: systemClock,
        events: new StoreEar(),
        nowMs: () => nowMs,
      });
      const claims = (seq: number): readonly Claim[] =>
        limits.map((limit) => {
          const key = counterKey('acl', limit, [user]);
          return { key, limit, gateway, seq, held: 0, want: 1, atLeast: 0 };
        });
      const keys = claims(0).map(({ key }) => key);
      const steps = [
        () => real.settle(claims(1)),
        () => virtual.settle(claims(2)),
        () => virtual.settle(claims(3)),
        () => virtual.read(keys),
        () => virtual.forget(keys),
      ];
      for (const step of steps) {
        await step().catch((error: unknown) => expect(error).toBeInstanceOf(StoreError));
        nowMs += 70_000;
      }
      await Promise.all([real.close(), virtual.close()]);
      const log = (await server.ask('ACL', 'LOG')) as readonly (readonly unknown[])[];
      return log.map((entry) => String(entry[entry.indexOf('object') + 1]));
    };
    const durableAt = (user: string): string =>
      `${at(`user = "${user}"\npassword = "pass"\ndatabase_id = 2`)}\n[sluice.store]\ndurability = "replica"`;
    const allow = (user: string, rules: readonly string[]): Promise<unknown> =>
      server.ask('ACL', 'SETUSER', user, 'reset', 'on', '>pass', ...rules);

    test('that a user lacks are named, with one line that grants exactly what is needed', async () => {
      await allow('gw', ['~other:*', '+info', '+hmget', '+del']);
      const lacking = await check(durableAt('gw'));
      expect(lacking.code).toBe(1);
      expect(lacking.out).toContain('error[acl] The user lacks');
      expect(lacking.out).toContain('+hset');
      expect(lacking.out).toContain('~sluice:*');
      const line = /^ {2}(ACL SETUSER gw .*)$/m.exec(lacking.out)![1]!;
      const rules = line.replace('ACL SETUSER gw on >PASSWORD ', '').split(' ');
      await allow('gw', rules);
      expect((await check(durableAt('gw'))).out).not.toContain('[acl]');
      expect(await refused('gw')).toEqual([]);
      for (const rule of rules.filter((one) => one.startsWith('+'))) {
        await allow(
          'less',
          rules.filter((one) => one !== rule),
        );
        expect(await refused('less'), rule).not.toEqual([]);
        expect((await check(durableAt('less'))).out).toContain(`The user lacks ${rule}.`);
      }
    });
  });
});

describe.skipIf(redisMissing)('sluice check --online of several servers', () => {
  test('sentinels, with a user that may do only what is needed', async () => {
    const setup = await RedisSentinels.start();
    const endpoints = setup.sentinels.map(({ port }) => `"127.0.0.1:${port}"`).join(', ');
    const redis = (more = ''): string =>
      `[sluice.redis]\nsentinels = [${endpoints}]\nmaster_name = "limits"\n${more}`;
    try {
      const good = await check(redis());
      expect(good.out).toMatch(new RegExp(`127.0.0.1:${setup.servers[0]!.port}: (?:Redis|Valkey) \\d`));
      expect(good.out).toContain('primary with 2 replicas');
      expect(good.code).toBe(0);
      for (const sentinel of setup.sentinels)
        await sentinel.ask('ACL', 'SETUSER', 'watch', 'on', '>pass', '-@all');
      const watched = redis('sentinel_user = "watch"\nsentinel_password = "pass"');
      const lacking = await check(watched);
      expect(lacking.code).toBe(1);
      const line = /^ {2}ACL SETUSER watch on >PASSWORD (.*)$/m.exec(lacking.out)![1]!;
      for (const sentinel of setup.sentinels) {
        await sentinel.ask('ACL', 'SETUSER', 'watch', 'reset', 'on', '>pass', ...line.split(' '));
      }
      expect((await check(watched)).code).toBe(0);
    } finally {
      await setup.stop();
    }
  });

  test('every primary of a cluster', async () => {
    const cluster = await RedisCluster.start();
    const redis = (more = ''): string =>
      `${more}\n[sluice.redis]\ncluster_nodes = ["127.0.0.1:${cluster.nodes[4]!.port}"]`;
    try {
      const good = await check(redis());
      expect(good.code).toBe(0);
      expect(good.out.match(/primary with 1 replica,/g)).toHaveLength(3);
      for (const node of cluster.nodes) {
        await node.ask('ACL', 'SETUSER', 'gw', 'on', '>pass', '+cluster|info', '+cluster|slots');
      }
      const user = '[apim.redis_config]\nuser = "gw"\npassword = "pass"';
      const lacking = await check(redis(user));
      expect(lacking.code).toBe(1);
      const line = /^ {2}ACL SETUSER gw on >PASSWORD (.*)$/m.exec(lacking.out)![1]!;
      for (const node of cluster.nodes) await node.ask('ACL', 'SETUSER', 'gw', ...line.split(' '));
      expect((await check(redis(user))).code).toBe(0);
    } finally {
      await cluster.stop();
    }
  });
});
