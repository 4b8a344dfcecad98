import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { Load } from '../support/load.ts';
import { sluice } from '../support/sluice.ts';
import { SpansBackend } from '../support/spans-backend.ts';
import { apiProject } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { apiKey, close, embedded, homeOf, leaveRunning, open, path, perHour } from './two-threads.ts';

afterEach(close);

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
    leaveRunning();
    const { code, stdout } = await gateway.end();
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    const logged = lines.map((line) => JSON.parse(line) as { readonly status: number });
    const inOrder = (all: readonly number[]): number[] => all.toSorted((a, b) => a - b);
    expect(inOrder(logged.map(({ status }) => status))).toEqual(inOrder(statuses));
  });

  test('a thread that dies under load is replaced; the others serve on, and no unit is admitted twice', async () => {
    const home = homeOf(embedded, backend.port, perHour(1200));
    await hourWithRoom();
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
    leaveRunning();
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
