import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Load } from '../support/load.ts';
import { SpansBackend } from '../support/spans-backend.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { TestNetwork } from '../support/test-network.ts';
import { until } from '../support/until.ts';

/** So many in each window. */
const limit = 180;
const windowMs = 2000;
const gatewayCount = 3;
const command = fileURLToPath(new URL('../../bin/sluice.mjs', import.meta.url));

/** Timings are told, not judged. */
describe.skipIf(!TestNetwork.isPossible)(
  'three gateways on hosts of their own, when the network parts them',
  () => {
    let network: TestNetwork;
    let home: TestHome;
    let backend: SpansBackend;

    const metric = async (host: number, name: string): Promise<number> => {
      const text = await (await fetch(`http://${network.hosts[host]!.clientAddress}:9090/metrics`)).text();
      return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? NaN);
    };
    const urls = (): readonly string[] =>
      network.hosts.map(({ clientAddress }) => `http://${clientAddress}:8280/open/1.0.0/items`);
    const allKnowAll = async (): Promise<boolean> => {
      const counts = await Promise.all(
        network.hosts.map((_, host) => metric(host, 'sluice_gateways').catch(() => 0)),
      );
      return counts.every((count) => count === gatewayCount);
    };

    beforeAll(async () => {
      network = TestNetwork.create(gatewayCount);
      backend = await SpansBackend.start(network.ownAddress);
      const api = apiProject({ name: 'Open', production: backend.port, policies: ['Quota'] });
      home = new TestHome({
        'deployment.toml': `
[clustering]
enable = true
local_member_host = "$env{SLUICE_TEST_MEMBER_HOST}"
members = ${JSON.stringify(network.hosts.map(({ memberAddress }) => `${memberAddress}:4000`))}
secret = "only for this test"
[sluice.store]
on_failure = "deny"
[sluice.admin]
host = "0.0.0.0"
`,
        'apis/Open.yaml': api.replaceAll('127.0.0.1', network.ownAddress),
        'policies/Quota.yaml': subscriptionPolicy('Quota', {
          perSeconds: { seconds: windowMs / 1000, units: limit },
        }),
        'applications/App.yaml': application('App', { Open: 'Quota' }),
      });
      for (const [host, { memberAddress }] of network.hosts.entries()) {
        const args = [command, 'start', '--home', home.path, '--gateway-id', `gw${host + 1}`];
        network.run(host, process.execPath, args, { SLUICE_TEST_MEMBER_HOST: memberAddress });
      }
      await until(allKnowAll);
    });
    afterAll(async () => {
      await network?.remove();
      backend?.close();
      home?.remove();
    });

    const rounds = Number(process.env['SLUICE_ROUNDS'] ?? 1);
    /** More rounds for a long run: SLUICE_ROUNDS=8. */
    test(
      'the majority counts on, the other side denies, and they are one again when it heals',
      { timeout: rounds * 60_000 },
      async () => {
        for (let cut = 0; cut < rounds * gatewayCount; cut += 1) {
          const host = cut % gatewayCount;
          const majority = new Load({
            urls: urls().filter((_, index) => index !== host),
            apiKey: 'App-production',
            perSecond: 250,
          });
          const other = new Load({ urls: [urls()[host]!], apiKey: 'App-production', perSecond: 100 });
          await majority.observe(backend, 500);
          network.cut(host);
          const [during, alone] = await Promise.all([
            majority.observe(backend, 2500),
            other.observe(backend, 2500),
          ]);
          network.heal(host);
          const healedMs = performance.now();
          await until(allKnowAll);
          const oneAfterMs = performance.now() - healedMs;
          const [after] = await Promise.all([majority.observe(backend, 1500), other.observe(backend, 1500)]);
          await Promise.all([majority.end(), other.end()]);
          const windows = backend.windows({ units: limit, windowMs });
          const undecided = (statuses: readonly number[]): number =>
            statuses.filter((status) => status === 503).length;
          process.stdout.write(
            `  host ${host + 1} cut off: majority ${during.statuses.length} requests, ${undecided(during.statuses)} undecided; ` +
              `the other ${undecided(alone.statuses)} of ${alone.statuses.length}; one again ${oneAfterMs.toFixed(0)} ms after ` +
              `the network; windows of ${windows.map(({ admitted }) => admitted).join(' ')}\n`,
          );
          expect(windows.filter(({ over }) => over > 0)).toEqual([]);
          const passed = (statuses: readonly number[]): number =>
            statuses.filter((status) => status === 200).length;
          expect(passed(during.statuses)).toBeGreaterThan(0);
          expect(undecided(alone.statuses)).toBeGreaterThan(0);
          expect(undecided(after.statuses)).toBeLessThan(after.statuses.length / 4);
        }
      },
    );

    test('whoever isn’t heard by one of the others admits no unit too many', async () => {
      for (const [from, to] of [
        [0, 1],
        [1, 0],
      ] as const) {
        const load = new Load({ urls: urls(), apiKey: 'App-production', perSecond: 300 });
        await load.observe(backend, 500);
        network.mute(from, to);
        const { statuses } = await load.observe(backend, 2500);
        network.unmute(from, to);
        const healedMs = performance.now();
        await until(allKnowAll);
        const oneAfterMs = performance.now() - healedMs;
        await load.observe(backend, 1000);
        await load.end();
        const windows = backend.windows({ units: limit, windowMs });
        process.stdout.write(
          `  host ${from + 1} not heard by host ${to + 1}: ${statuses.length} requests, ` +
            `${statuses.filter((status) => status === 503).length} undecided; ` +
            `one again ${oneAfterMs.toFixed(0)} ms after\n`,
        );
        expect(windows.filter(({ over }) => over > 0)).toEqual([]);
        expect(statuses).toContain(200);
        expect(statuses).toContain(503);
      }
    });
  },
);
