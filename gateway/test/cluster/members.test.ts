import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child } from '../../src/cli/demo/child.ts';
import { countInMembers, type Counting } from '../support/counting.ts';
import { Load, percentile } from '../support/load.ts';
import { SpansBackend } from '../support/spans-backend.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** So many in each window. */
const limit = 180;
const windowMs = 2000;
const gatewayCount = 3;

interface Running {
  readonly child: Child;
  readonly url: string;
  readonly adminUrl: string;
}

/** Timings are told, not judged: on a busy machine they would say more about the machine than about us. */
describe('three gateways that count by themselves, when one of them goes', () => {
  let counting: Counting;
  let backend: SpansBackend;
  let home: TestHome;
  let gateways: Running[];

  const start = async (index: number): Promise<Running> => {
    const args = [
      'start',
      '--home',
      home.path,
      '--port',
      '0',
      '--admin-port',
      '0',
      '--gateway-id',
      `gw${index}`,
    ];
    const child = await Child.start(args, { ...process.env, ...counting.environmentOf(index) });
    if ('socketPath' in child.listening) throw new Error('not a gateway');
    const { port, adminPort } = child.listening;
    const url = `http://127.0.0.1:${port}/open/1.0.0/items`;
    return { child, url, adminUrl: `http://127.0.0.1:${adminPort}` };
  };
  const knowOf = async (some: readonly Running[], count: number): Promise<void> => {
    await until(async () => {
      const texts = await Promise.all(
        some.map(async ({ adminUrl }) => (await fetch(`${adminUrl}/metrics`)).text()),
      );
      return texts.every((text) => text.includes(`\nsluice_gateways ${count}\n`));
    });
  };

  beforeAll(async () => {
    counting = await countInMembers(gatewayCount, '[sluice.store]\non_failure = "deny"\n');
    backend = await SpansBackend.start();
    home = new TestHome({
      'repository/conf/deployment.toml': counting.deployment,
      'apis/Open.yaml': apiProject({ name: 'Open', production: backend.port, policies: ['Quota'] }),
      'policies/Quota.yaml': subscriptionPolicy('Quota', {
        perSeconds: { seconds: windowMs / 1000, units: limit },
      }),
      'applications/App.yaml': application('App', { Open: 'Quota' }),
    });
    gateways = await Promise.all([0, 1, 2].map(start));
    await knowOf(gateways, gatewayCount);
  });
  afterAll(async () => {
    await Promise.all((gateways ?? []).map(({ child }) => child.stop()));
    backend?.close();
    await counting?.close();
    home?.remove();
  });

  /** Offers load to all gateways but one, to which something happens; each takes its turn, so one of them owns the counter. */
  test.each([
    [
      'is killed',
      async ({ child }: Running) => {
        child.kill('SIGKILL');
        await child.ended;
      },
    ],
    [
      'leaves in order',
      async ({ child }: Running) => {
        await child.stop();
      },
    ],
    [
      'is frozen for 1.2 s, then killed',
      async ({ child }: Running) => {
        child.kill('SIGSTOP');
        await new Promise((resolve) => setTimeout(resolve, 1200));
        child.kill('SIGCONT');
        await new Promise((resolve) => setTimeout(resolve, 500));
        child.kill('SIGKILL');
        await child.ended;
      },
    ],
  ])('that %s takes no unit with it, whichever it is', async (what, befall) => {
    for (let index = 0; index < gatewayCount; index += 1) {
      const victim = gateways[index]!;
      const isOrderly = what === 'leaves in order';
      const others = gateways.filter((one) => one !== victim);
      const load = new Load({
        urls: others.map(({ url }) => url),
        apiKey: 'App-production',
        perSecond: 300,
      });
      // Up to the end, so that it dies with units of its own; what breaks then is the load's, not the cluster's.
      const onVictim = new Load({ urls: [victim.url], apiKey: 'App-production', perSecond: 100 });
      const observing = load.observe(backend, 2000);
      await onVictim.observe(backend, 400);
      await Promise.all([befall(victim), isOrderly ? onVictim.end() : undefined]);
      const { arrivalsMs, statuses, waitsMs } = await observing;
      await Promise.all([load.end(), onVictim.end()]);
      gateways[index] = await start(index);
      await knowOf(gateways, gatewayCount);
      const windows = backend.windows({ units: limit, windowMs });
      const count = (status: number): number => statuses.filter((one) => one === status).length;
      process.stdout.write(
        `  ${victim.url} ${what}: ${statuses.length} requests, ${count(503)} undecided, ` +
          `p99 ${percentile(waitsMs, 0.99).toFixed(1)} ms, longest ${percentile(waitsMs, 1).toFixed(1)} ms, ` +
          `windows of ${windows
            .slice(-3)
            .map(({ admitted }) => admitted)
            .join(' ')}\n`,
      );
      expect(statuses.every((status) => [200, 429, 503].includes(status))).toBe(true);
      expect(windows.filter(({ over }) => over > 0)).toEqual([]);
      expect(arrivalsMs.length).toBeGreaterThan(0);
    }
  });

  /** More rounds for a long run: SLUICE_ROUNDS=100. */
  test(
    'gateways that come and go under load lose no request, and the limit is used up',
    { timeout: 600_000 },
    async () => {
      const rounds = Number(process.env['SLUICE_ROUNDS'] ?? 4);
      const [first, second, third] = gateways as [Running, Running, Running];
      await third.child.stop();
      const steady = new Load({ urls: [first.url, second.url], apiKey: 'App-production', perSecond: 250 });
      const beganMs = Date.now();
      const observing = { statuses: [] as number[], undecided: 0 };
      for (let round = 0; round < rounds; round += 1) {
        const comer = await start(2);
        const onComer = new Load({ urls: [comer.url], apiKey: 'App-production', perSecond: 100 });
        const [there, seen] = await Promise.all([
          steady.observe(backend, 700),
          onComer.observe(backend, 700),
        ]);
        await onComer.end();
        const gone = steady.observe(backend, 300);
        await comer.child.stop();
        observing.statuses.push(...there.statuses, ...seen.statuses, ...(await gone).statuses);
      }
      await steady.end();
      const endedMs = Date.now();
      gateways[2] = await start(2);
      await knowOf(gateways, gatewayCount);
      const windows = backend.windows({ units: limit, windowMs });
      const whole = windows.filter(({ startMs, endMs }) => startMs >= beganMs && endMs <= endedMs);
      const part = (100 * whole.reduce((sum, { admitted }) => sum + admitted, 0)) / (whole.length * limit);
      const undecided = observing.statuses.filter((status) => status === 503).length;
      process.stdout.write(
        `  ${rounds} came and went: ${observing.statuses.length} requests, ${undecided} undecided, ` +
          `${part.toFixed(1)} % of the limit in ${whole.length} windows\n`,
      );
      expect(observing.statuses.filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
      expect(windows.filter(({ over }) => over > 0)).toEqual([]);
      expect(part).toBeGreaterThanOrEqual(98);
    },
  );
});
