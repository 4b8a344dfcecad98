import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { prove, type Proof } from '../../src/cli/demo/proof.ts';
import { accepts } from '../support/ports.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { sluice } from '../support/sluice.ts';
import { until } from '../support/until.ts';

describe('sluice demo', () => {
  test('three gateways admit exactly the limit, by the count of the backend', async () => {
    const { code, stdout, stderr } = await sluice(['demo', '--json']).ended;
    const result = JSON.parse(stdout) as Proof & { gateways: { statuses: Record<string, number> }[] };
    expect(result.exact, `${stdout}${stderr}`).toBe(true);
    expect(code).toBe(0);
    expect(result.gateways.length).toBe(3);
    for (const { statuses } of result.gateways) expect(statuses['200']).toBeGreaterThan(0);
    expect(result.arrived).toBe(result.admitted);
    expect(Math.max(...result.windows)).toBe(100);
    expect(stderr).toContain('seen by the backend');
  });

  test.skipIf(redisMissing)('counts in Redis when it is told to', async () => {
    const redis = await RedisServer.start();
    const { code, stdout } = await sluice([
      'demo',
      '--gateways',
      '2',
      '--redis',
      `redis://127.0.0.1:${redis.port}`,
    ]).ended;
    await redis.stop();
    expect(stdout).toContain('exact: yes');
    expect(code).toBe(0);
  });

  test('says so when there is no Redis, and exits 4', async () => {
    const { code, stderr } = await sluice(['demo', '--redis', 'redis://127.0.0.1:1']).ended;
    expect(stderr).toContain('no Redis answers at 127.0.0.1:1');
    expect(code).toBe(4);
  });

  test('--stay serves until it is interrupted, and leaves no process, port or folder behind', async () => {
    const foldersBefore = demoFolders();
    const run = sluice(['demo', '--stay', '--first-port', '18280']);
    await until(() => run.said().includes('Ctrl-C ends everything'));
    const children = childrenOf(run.pid);
    expect(children.length).toBe(4);
    const statuses: number[] = [];
    for (let i = 0; i < 13; i += 1) {
      const url = `http://127.0.0.1:${18280 + (i % 3)}/orders/1.0.0/items`;
      const response = await fetch(url, { headers: { ApiKey: 'trial-prod-key' } });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    // Ten a minute; the minute may turn once while we ask.
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10);
    expect(new Set(statuses)).toContain(200);
    run.signal('SIGINT');
    expect((await run.ended).code).toBe(0);
    await until(() => children.every((pid) => !alive(pid)));
    for (const port of [18280, 18281, 18282]) expect(await accepts(port)).toBe(false);
    expect(demoFolders()).toEqual(foldersBefore);
  });
});

describe('the proof', () => {
  const at = (...bursts: readonly (readonly [number, number])[]): number[] =>
    bursts.flatMap(([startMs, count]) => Array.from({ length: count }, (_, index) => startMs + index / 10));
  const answers = (admitted: number) => [new Map([[200, admitted]])];

  test.each([
    {
      what: 'every window full',
      bursts: [
        [0, 10],
        [1000, 10],
        [2000, 4],
      ] as const,
      admitted: 24,
      exact: true,
    },
    {
      what: 'one request too many',
      bursts: [
        [0, 10],
        [1000, 11],
        [2000, 4],
      ] as const,
      admitted: 25,
      exact: false,
    },
    {
      what: 'too many in the last window',
      bursts: [
        [0, 10],
        [1000, 11],
      ] as const,
      admitted: 21,
      exact: false,
    },
    {
      what: 'one request too few',
      bursts: [
        [0, 9],
        [1000, 10],
      ] as const,
      admitted: 19,
      exact: false,
    },
    {
      what: 'admitted but not arrived',
      bursts: [
        [0, 10],
        [1000, 10],
      ] as const,
      admitted: 21,
      exact: false,
    },
    { what: 'only one window', bursts: [[0, 10]] as const, admitted: 10, exact: false },
  ])('$what: exact $exact', ({ bursts, admitted, exact }) => {
    expect(prove({ arrivalsMs: at(...bursts), answers: answers(admitted), limit: 10 }).exact).toBe(exact);
  });
});

function demoFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('sluice-demo-'));
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
