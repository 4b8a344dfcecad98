import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { prove } from '../../src/cli/demo/proof.ts';
import { offerTraffic } from '../../src/cli/demo/traffic.ts';
import { systemClock } from '../../src/system-clock.ts';
import { countInMembers, countInRedis, type Counting } from '../support/counting.ts';
import { Gateways } from '../support/gateways.ts';
import { minuteWithRoom } from '../support/hour-with-room.ts';
import { redisMissing } from '../support/redis-server.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const ways = [
  { gatewayCount: 3, how: 'on one Redis', isMissing: redisMissing, open: countInRedis },
  { gatewayCount: 3, how: 'that count by themselves', isMissing: false, open: () => countInMembers(3) },
  { gatewayCount: 2, how: 'that count by themselves', isMissing: false, open: () => countInMembers(2) },
];

describe.each(ways.filter(({ isMissing }) => !isMissing))(
  '$gatewayCount gateways $how',
  ({ gatewayCount, open }) => {
    let counting: Counting;
    let production: EchoBackend;
    let sandbox: EchoBackend;
    let home: TestHome;
    let gateways: Gateways;

    beforeAll(async () => {
      counting = await open();
      production = await startEchoBackend(stopwatchMs);
      sandbox = await startEchoBackend(stopwatchMs);
      const ports = { production: production.port, sandbox: sandbox.port };
      const limited = { ...ports, maxTps: '{production: 50, sandbox: 2000}' };
      home = new TestHome({
        'repository/conf/deployment.toml': counting.deployment,
        'apis/Open.yaml': apiProject({ name: 'Open', policies: ['Burst100', 'Quota1000'], ...ports }),
        'apis/Limited.yaml': apiProject({ name: 'Limited', policies: ['Unlimited', 'Gold'], ...limited }),
        'policies/Subscription-Burst100.yaml': subscriptionPolicy('Burst100', {
          perMinute: 90_000,
          burstPerSecond: 100,
        }),
        'policies/Subscription-Quota1000.yaml': subscriptionPolicy('Quota1000', { perMinute: 1000 }),
        'applications/Burst.yaml': application('Burst', { Open: 'Burst100' }),
        'applications/Quota.yaml': application('Quota', { Open: 'Quota1000' }),
        'applications/One.yaml': application('One', { Limited: 'Unlimited' }),
        'applications/Two.yaml': application('Two', { Limited: 'Unlimited' }),
        'applications/Trial.yaml': application('Trial', { Limited: 'Gold' }, '10PerMin'),
      });
      gateways = await Gateways.start(home.path, gatewayCount, counting.environmentOf);
      // One that starts first has no majority yet, and goes by its share.
      await until(async () => {
        const counts = await gateways.metric('sluice_gateways');
        const states = (await gateways.readiness()).map(({ state }) => state);
        return counts.every((count) => count === gatewayCount) && states.every((state) => state === 'ready');
      });
    });
    afterAll(async () => {
      await gateways?.stop();
      await Promise.all([production?.close(), sandbox?.close(), counting?.close()]);
      home?.remove();
    });

    const offer = (path: string, key: string, perSecond: number, durationMs: number) =>
      offerTraffic({
        gateways: gateways.urls,
        path,
        headers: { ApiKey: key },
        perSecond,
        durationMs,
        clock: { ...systemClock, after: keepAlive },
        onProgress: () => {},
      });
    const arrivalsDuring = async (backend: EchoBackend, run: () => Promise<unknown>): Promise<number[]> => {
      const before = backend.arrivalsMs.length;
      await run();
      return backend.arrivalsMs.slice(before);
    };
    test('a burst of 100 a second holds for the cluster under four times the load', async () => {
      let answers: Awaited<ReturnType<typeof offer>> = [];
      const arrivalsMs = await arrivalsDuring(production, async () => {
        answers = await offer('/open/1.0.0/items', 'Burst-production', 400, 5000);
      });
      const proof = prove({ arrivalsMs, answers, limit: 100 });
      expect(proof.over, JSON.stringify(proof)).toBe(0);
      expect(proof.admitted).toBe(proof.arrived);
      const whole = proof.windows.slice(0, -1);
      expect(whole.length).toBeGreaterThanOrEqual(4);
      for (const count of whole) expect(count, JSON.stringify(proof.windows)).toBeGreaterThanOrEqual(98);
    });

    test('a quota of 1,000 a minute admits exactly 1,000', async () => {
      await minuteWithRoom(8000);
      const arrivals = await arrivalsDuring(production, () =>
        offer('/open/1.0.0/items', 'Quota-production', 700, 3000),
      );
      expect(arrivals.length).toBe(1000);
    });

    test('a backend limit of 50 a second is shared by all applications, and the sandbox stays open', async () => {
      const arrivalsMs = await arrivalsDuring(production, async () => {
        const open = await arrivalsDuring(sandbox, () =>
          Promise.all([
            offer('/limited/1.0.0/items', 'One-production', 150, 3000),
            offer('/limited/1.0.0/items', 'Two-production', 150, 3000),
            offer('/limited/1.0.0/items', 'One-sandbox', 100, 3000),
          ]),
        );
        expect(open.length).toBeGreaterThanOrEqual(290);
      });
      const { over, windows } = prove({ arrivalsMs, answers: [], limit: 50 });
      expect(over, JSON.stringify(windows)).toBe(0);
      for (const count of windows.slice(0, -1)) expect(count).toBeGreaterThanOrEqual(48);
    });

    test('a request that one level refuses leaves all other counters as they were', async () => {
      await minuteWithRoom(5000);
      const keys = {
        application: 'application@60000:tester/Trial:tester',
        subscription: 'subscription@60000:tester/Trial:/limited:1.0.0:Gold',
        backend: 'backend@1000:/limited:1.0.0:SANDBOX',
      };
      const ask = async (gateway: number): Promise<number> => {
        const response = await fetch(`${gateways.urls[gateway]}/limited/1.0.0/items`, {
          headers: { ApiKey: 'Trial-sandbox' },
        });
        await response.arrayBuffer();
        return response.status;
      };
      const statuses: number[] = [];
      const passed = (): number => statuses.filter((status) => status === 200).length;
      const askNext = async (): Promise<number> => statuses.push(await ask(statuses.length % gatewayCount));
      // A unit may lie ready on another gateway for a moment.
      await until(async () => (await askNext()) >= 10 && passed() === 10);
      for (let more = 0; more < 20; more += 1) await askNext();
      expect(passed()).toBe(10);
      expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
      await until(
        async () =>
          (await counting.used(keys.subscription)) === 10 && (await counting.used(keys.application)) === 10,
      );
      await until(async () => (await counting.used(keys.backend)) <= 10);
    });
  },
);

function stopwatchMs(): number {
  return performance.now();
}

/** A test has nothing else that keeps the process alive. */
function keepAlive(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => {
    clearTimeout(timer);
  };
}
