import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { countInMembers, countInRedis, type Counting } from '../support/counting.ts';
import { Load } from '../support/load.ts';
import { redisMissing } from '../support/redis-server.ts';
import { sluice, type Run } from '../support/sluice.ts';
import { SpansBackend } from '../support/spans-backend.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const killer = new URL('../support/thread-killer.ts', import.meta.url).href;
const embedded = '[throttle_properties]\n\'throttling.distributed.counter.type\' = "local"\n';

/** A gateway of two threads as a process of its own. */
class TwoThreads {
  readonly #run: Run;

  constructor(home: string, env: Readonly<Record<string, string>>) {
    const args = [
      'start',
      '--home',
      home,
      '--port',
      '0',
      '--admin-port',
      '0',
      '--threads',
      '2',
      '--no-watch',
    ];
    this.#run = sluice(args, { ...env, NODE_OPTIONS: `--import=${killer}` });
  }

  async serving(): Promise<this> {
    await until(() => this.said.includes('admin on'), 30_000);
    await until(async () => (await this.admin('/readyz')).status === 200, 30_000);
    return this;
  }

  get said(): string {
    return this.#run.said();
  }

  get url(): string {
    return `http://127.0.0.1:${/serving .*:(\d+)\n/.exec(this.said)?.[1]}`;
  }

  admin(path: string, method = 'GET'): Promise<Response> {
    return fetch(`http://127.0.0.1:${/admin on .*:(\d+),/.exec(this.said)?.[1]}${path}`, { method });
  }

  async metric(name: string): Promise<number> {
    const text = await (await this.admin('/metrics')).text();
    const values = text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  signal(signal: NodeJS.Signals): void {
    this.#run.signal(signal);
  }

  async end(): Promise<{ readonly code: number | null; readonly stdout: string }> {
    this.signal('SIGTERM');
    return this.#run.ended;
  }
}

let running: TwoThreads[] = [];
let homes: TestHome[] = [];
const open = async (home: TestHome, env = {}): Promise<TwoThreads> => {
  const gateway = new TwoThreads(home.path, env);
  running.push(gateway);
  return gateway.serving();
};
afterEach(async () => {
  await Promise.all(running.map((gateway) => gateway.end()));
  for (const home of homes) home.remove();
  running = [];
  homes = [];
});

function homeOf(deployment: string, port: number, plan: string): TestHome {
  const home = new TestHome({
    'repository/conf/deployment.toml': deployment,
    'apis/Open.yaml': apiProject({ name: 'Open', production: port, policies: ['Plan'] }),
    'policies/Plan.yaml': plan,
    'applications/Some.yaml': application('Some', { Open: 'Plan' }),
  });
  homes.push(home);
  return home;
}

const perHour = (units: number): string => subscriptionPolicy('Plan', { perHour: units });
const path = '/open/1.0.0/x';
const apiKey = 'Some-production';

describe('threads that count together', () => {
  const inProcess = (): Promise<Pick<Counting, 'deployment' | 'environmentOf' | 'close'>> =>
    Promise.resolve({ deployment: embedded, environmentOf: () => ({}), close: () => Promise.resolve() });
  const ways = [
    { how: 'one gateway of two threads, counters embedded', gateways: 1, isMissing: false, count: inProcess },
    { how: 'one gateway of two threads on Redis', gateways: 1, isMissing: redisMissing, count: countInRedis },
    {
      how: 'two gateways of two threads on one Redis',
      gateways: 2,
      isMissing: redisMissing,
      count: countInRedis,
    },
    {
      how: 'three clustered gateways of two threads',
      gateways: 3,
      isMissing: false,
      count: () => countInMembers(3),
    },
  ];
  describe.each(ways.filter(({ isMissing }) => !isMissing))('$how', ({ gateways, count }) => {
    let counting: Awaited<ReturnType<typeof count>>;
    beforeAll(async () => {
      counting = await count();
    });
    afterAll(() => counting?.close());
    const start = async (home: TestHome): Promise<readonly string[]> => {
      const all = await Promise.all(
        Array.from({ length: gateways }, (_, index) => open(home, counting.environmentOf(index))),
      );
      for (const gateway of all)
        await until(async () => (await gateway.metric('sluice_gateways')) === 2 * gateways);
      return all.map(({ url }) => `${url}${path}`);
    };
    test('200 a second are never exceeded under three times the load', async () => {
      const backend = await SpansBackend.start();
      const plan = subscriptionPolicy('Plan', { perSeconds: { seconds: 1, units: 200 } });
      const urls = await start(homeOf(counting.deployment, backend.port, plan));
      const load = new Load({ urls, apiKey, perSecond: 600 });
      const { statuses } = await load.observe(backend, 4000);
      await load.end();
      backend.close();
      const windows = backend.windows({ units: 200, windowMs: 1000 });
      const seen = JSON.stringify(windows.map(({ admitted, over, missed }) => ({ admitted, over, missed })));
      expect(
        windows.reduce((sum, { over }) => sum + over, 0),
        seen,
      ).toBe(0);
      expect(new Set(statuses)).toEqual(new Set([200, 429]));
    });

    test('1,000 an hour are exactly 1,000', async () => {
      await hourWithRoomFor(20_000);
      const backend = await SpansBackend.start();
      const urls = await start(homeOf(counting.deployment, backend.port, perHour(1000)));
      const load = new Load({ urls, apiKey, perSecond: 600 });
      await until(() => backend.arrivalsMs.length >= 1000, 20_000);
      const { statuses } = await load.observe(backend, 1000);
      await load.end();
      backend.close();
      expect(backend.arrivalsMs.length).toBe(1000);
      expect(new Set(statuses)).toEqual(new Set([429]));
    });
  });
});

describe('a gateway of two threads', () => {
  let backend: SpansBackend;
  beforeAll(async () => {
    backend = await SpansBackend.start();
  });
  afterAll(() => backend.close());

  test('adds up what its threads measure and log: each request once, each line whole', async () => {
    const gateway = await open(homeOf(embedded, backend.port, perHour(300)));
    const asked = Array.from({ length: 400 }, async () => {
      const response = await fetch(`${gateway.url}${path}`, { headers: { ApiKey: apiKey } });
      await response.arrayBuffer();
      return response.status;
    });
    const statuses = await Promise.all(asked);
    // Main and other threads have just begun and are slow to answer: nobody decides without the counters for that.
    expect(await gateway.metric('sluice_decisions_total{level="subscription",outcome="uncertain"}')).toBe(0);
    const admitted = statuses.filter((status) => status === 200).length;
    // A thread may hold units when the burst is over that the other one could have used.
    expect(admitted).toBeLessThanOrEqual(300);
    expect(admitted).toBeGreaterThan(100);
    await until(async () => (await gateway.metric('sluice_requests_total')) === 400);
    expect(await gateway.metric('sluice_requests_total{api="Open",code="200"}')).toBe(admitted);
    expect(await gateway.metric('sluice_request_duration_seconds_count')).toBe(400);
    expect(await gateway.metric('sluice_store_up')).toBe(1);
    expect(await gateway.metric('sluice_gateways')).toBe(2);
    const ready: unknown = await (await gateway.admin('/readyz?verbose')).json();
    expect(ready).toMatchObject({ state: 'ready', threads: ['ready', 'ready'], gateways: 2, apis: 1 });
    running = [];
    const { code, stdout } = await gateway.end();
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    const logged = lines.map((line) => JSON.parse(line) as { readonly status: number });
    const inOrder = (all: readonly number[]): number[] => all.toSorted((a, b) => a - b);
    expect(inOrder(logged.map(({ status }) => status))).toEqual(inOrder(statuses));
  });

  test('a thread that dies under load is replaced; the others serve on, and no unit is admitted twice', async () => {
    const home = homeOf(embedded, backend.port, perHour(1200));
    await hourWithRoomFor(20_000);
    const gateway = await open(home);
    const before = backend.arrivalsMs.length;
    const load = new Load({ urls: [`${gateway.url}${path}`], apiKey, perSecond: 400 });
    await load.observe(backend, 1000);
    const counted = await gateway.metric('sluice_requests_total');
    for (let deaths = 1; deaths <= 2; deaths += 1) {
      gateway.signal('SIGUSR2');
      await until(() => gateway.said.split('another takes its place').length === deaths + 1);
      await until(async () => (await gateway.admin('/readyz')).status === 200, 30_000);
    }
    expect(gateway.said).toMatch(/thread \d: has ended, another takes its place in 100 ms: /);
    const { statuses } = await load.observe(backend, 3000);
    await load.end();
    expect(statuses.filter((status) => status === 0)).toEqual([]);
    expect(statuses).toContain(429);
    const arrived = backend.arrivalsMs.length - before;
    expect(arrived).toBeLessThanOrEqual(1200);
    // What the two had leased and not spent is lost with them.
    expect(arrived).toBeGreaterThanOrEqual(1000);
    expect(await gateway.metric('sluice_requests_total')).toBeGreaterThan(counted);
  });

  test('all threads go by a new configuration when it is said, and no answer mixes two', async () => {
    const [before, after] = [await startEchoBackend(Date.now), await startEchoBackend(Date.now)];
    const home = homeOf(embedded, before.port, perHour(500_000));
    const gateway = await open(home);
    const seen: { readonly of: string; readonly atMs: number }[] = [];
    const isOver = new AbortController();
    const asking = Array.from({ length: 16 }, async () => {
      while (!isOver.signal.aborted) {
        const atMs = performance.now();
        const response = await fetch(`${gateway.url}${path}`, { headers: { ApiKey: apiKey } });
        const quota = /q=\d+/.exec(response.headers.get('ratelimit-policy') ?? '')?.[0];
        const { backend } = (await response.json()) as { readonly backend: string };
        seen.push({ of: `${quota} ${backend}`, atMs });
      }
    });
    await until(() => seen.length > 100);
    home.write('apis/Open.yaml', apiProject({ name: 'Open', production: after.port, policies: ['Plan'] }));
    home.write('policies/Plan.yaml', perHour(600_000));
    gateway.signal('SIGHUP');
    await until(() => gateway.said.includes('SIGHUP: serving'));
    const saidAtMs = performance.now();
    const seenBefore = seen.length;
    await until(() => seen.length > seenBefore + 200);
    isOver.abort();
    await Promise.all(asking);
    await Promise.all([before.close(), after.close()]);
    const versions = [`q=500000 port ${before.port}`, `q=600000 port ${after.port}`];
    expect(new Set(seen.map(({ of }) => of))).toEqual(new Set(versions));
    const late = seen.filter(({ atMs }) => atMs > saidAtMs);
    expect(new Set(late.map(({ of }) => of))).toEqual(new Set([versions[1]]));
  });

  test('a thread that begins while the others change over begins with what is in force', async () => {
    const home = homeOf(embedded, backend.port, perHour(500_000));
    const gateway = await open(home);
    const quotas = async (): Promise<ReadonlySet<string>> => {
      const answers = Array.from({ length: 40 }, async () => {
        const response = await fetch(`${gateway.url}${path}`, {
          headers: { ApiKey: apiKey, Connection: 'close' },
        });
        await response.arrayBuffer();
        return /q=\d+/.exec(response.headers.get('ratelimit-policy') ?? '')?.[0] ?? '';
      });
      return new Set(await Promise.all(answers));
    };
    for (const units of [600_000, 700_000]) {
      gateway.signal('SIGUSR2');
      home.write('policies/Plan.yaml', perHour(units));
      expect((await gateway.admin('/reload', 'POST')).status).toBe(200);
      await until(async () => (await gateway.admin('/readyz')).status === 200, 30_000);
      expect(await quotas()).toEqual(new Set([`q=${units}`]));
    }
  });

  test('drains: what runs is answered, and the exit code is 0', async () => {
    const held: ServerResponse[] = [];
    const slow: Server = createServer((_, response) => held.push(response)).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const { port } = slow.address() as AddressInfo;
    const gateway = await open(homeOf(embedded, port, perHour(100)));
    const asked = Array.from({ length: 12 }, () =>
      fetch(`${gateway.url}${path}`, { headers: { ApiKey: apiKey } }),
    );
    await until(() => held.length === 12);
    running = [];
    const ended = gateway.end();
    await until(async () => (await gateway.admin('/readyz')).status === 503);
    for (const response of held) response.end('late');
    const answers = await Promise.all(asked.map(async (one) => (await one).text()));
    expect(answers).toEqual(Array.from({ length: 12 }, () => 'late'));
    expect((await ended).code).toBe(0);
    slow.close();
  });

  test('a port that another gateway has is not shared with it', async () => {
    const home = homeOf(embedded, backend.port, perHour(100));
    const gateway = await open(home);
    const { port } = new URL(gateway.url);
    const run = sluice(['start', '--home', home.path, '--port', port, '--admin-port', '0', '--threads', '2']);
    const { code, stderr } = await run.ended;
    expect(stderr).toContain("can't listen: listen EADDRINUSE");
    expect(code).toBe(1);
  });
});

/** Waits for the next hour when this one is nearly over, so that a quota's window isn't cut in two. */
async function hourWithRoomFor(neededMs: number): Promise<void> {
  const leftMs = 3_600_000 - (Date.now() % 3_600_000);
  if (leftMs < neededMs) await new Promise((resolve) => setTimeout(resolve, leftMs + 50));
}
