import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReloadReport } from '../../src/admin/reload.ts';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { admittedOfAll } from '../support/admitted-of-all.ts';
import { redisDeployment } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { sluice, type Run } from '../support/sluice.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

describe.skipIf(redisMissing)('two gateways that read their files again', () => {
  let redis: RedisServer;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: readonly Run[];
  let turn = 0;
  let report: ReloadReport;

  beforeAll(async () => {
    await hourWithRoom();
    redis = await RedisServer.start();
    backend = await startEchoBackend(() => performance.now());
    home = new TestHome({
      'repository/conf/deployment.toml': redisDeployment(redis),
      'apis/Open.yaml': apiProject({ name: 'Open', production: backend.port, policies: ['Plan'] }),
      'policies/Plan.yaml': subscriptionPolicy('Plan', { perHour: 20 }),
      'applications/Some.yaml': application('Some', { Open: 'Plan' }),
    });
    const args = ['start', '--home', home.path, '--port', '0', '--admin-port', '0'];
    gateways = [sluice([...args, '--no-watch']), sluice(args)];
    await until(() => gateways.every((gateway) => gateway.said().includes('serving')));
  });
  afterAll(async () => {
    for (const gateway of gateways ?? []) gateway.signal('SIGTERM');
    await Promise.all((gateways ?? []).map(({ ended }) => ended));
    await Promise.all([backend?.close(), redis?.stop()]);
    home?.remove();
  });

  /** Has both read their files, one in each way; gives the status of the one that was asked over HTTP. */
  const reload = async (): Promise<number> => {
    const [first, second] = gateways;
    const answers = (): number =>
      first!.said().match(/SIGHUP: (serving|the files are refused)/g)?.length ?? 0;
    const before = answers();
    first!.signal('SIGHUP');
    const url = /admin on (http:\/\/[^,]+),/.exec(second!.said())?.[1];
    const response = await fetch(`${url}/reload`, { method: 'POST' });
    report = (await response.json()) as ReloadReport;
    await until(() => answers() > before);
    return response.status;
  };
  const admittedOf = async (times: number): Promise<number> => {
    const urls = gateways.map((gateway) => /on (http:\/\/\S+)/.exec(gateway.said())?.[1] ?? '');
    let admitted = 0;
    for (let asked = 0; asked < times; asked += 1) {
      turn += 1;
      const url = `${urls[turn % urls.length]!.replace('0.0.0.0', '127.0.0.1')}/open/1.0.0/x`;
      const response = await fetch(url, { headers: { ApiKey: 'Some-production' } });
      await response.arrayBuffer();
      if (response.status === 200) admitted += 1;
      else expect(response.status).toBe(429);
    }
    return admitted;
  };

  test('a raised limit applies at once, a lowered one stops at once, and nothing that was counted is lost', async () => {
    expect(await admittedOf(15)).toBe(15);
    home.write('policies/Plan.yaml', subscriptionPolicy('Plan', { perHour: 30 }));
    expect(await reload()).toBe(200);
    expect(report).toMatchObject({ outcome: 'in-force', apis: 1, restartNeeded: [] });
    expect(await admittedOfAll(15, admittedOf)).toBe(15);
    home.write('policies/Plan.yaml', subscriptionPolicy('Plan', { perHour: 10 }));
    await reload();
    expect(await admittedOf(5)).toBe(0);
    home.write('policies/Plan.yaml', subscriptionPolicy('Plan', { perHour: 32 }));
    await reload();
    expect(await admittedOfAll(2, admittedOf)).toBe(2);
  });

  test('files that are refused change nothing, and what takes a restart is named', async () => {
    home.write('policies/Plan.yaml', 'type: [');
    expect(await reload()).toBe(422);
    expect(report).toMatchObject({
      outcome: 'refused',
      diagnostics: [{ at: { file: 'policies/Plan.yaml' } }],
    });
    for (const gateway of gateways) expect(gateway.said()).toContain('Plan.yaml:1:');
    expect(await admittedOf(2)).toBe(0);
    home.write('policies/Plan.yaml', subscriptionPolicy('Plan', { perHour: 33 }));
    home.write('repository/conf/deployment.toml', redisDeployment(redis, '[sluice.leases]\nhorizon = 200\n'));
    expect(await reload()).toBe(200);
    expect(report).toMatchObject({ restartNeeded: ['[sluice.leases]'] });
    for (const gateway of gateways) expect(gateway.said()).toContain('[sluice.leases]: takes a restart');
    expect(await admittedOfAll(1, admittedOf)).toBe(1);
  });

  test('who watches its files goes by them when they have changed, and says once what is wrong with them', async () => {
    const [told, watching] = gateways;
    const said = (): readonly string[] =>
      [...watching!.said().matchAll(/the files have changed: (.*)/g)].map(([, line = '']) => line);
    home.write('policies/Plan.yaml', 'type: [');
    await until(() => said().some((line) => line.includes('refused')));
    home.write('policies/Plan.yaml', subscriptionPolicy('Plan', { perHour: 40 }));
    await until(() => said().length === 3);
    expect(said()).toEqual([
      expect.stringContaining('the files are refused'),
      expect.stringContaining('[sluice.leases]: takes a restart'),
      expect.stringContaining('serving 1 APIs'),
    ]);
    expect(told!.said()).not.toContain('have changed');
    told!.signal('SIGHUP');
    await until(() => told!.said().trimEnd().endsWith('serving 1 APIs by the files as they are now'));
    expect(await admittedOfAll(7, admittedOf)).toBe(7);
  });
});
