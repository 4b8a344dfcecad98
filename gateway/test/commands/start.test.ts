import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { sluice, type Run } from '../support/sluice.ts';
import { TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

let backend: EchoBackend;
beforeAll(async () => {
  backend = await startEchoBackend(() => performance.now());
});
afterAll(() => backend.close());

async function urlOf(run: Run): Promise<string> {
  await until(() => / on http:\/\/\S+:\d+\n/.test(run.said()));
  return `http://127.0.0.1:${/serving .*:(\d+)\n/.exec(run.said())?.[1]}`;
}

async function statuses(url: string, headers: readonly Record<string, string>[]): Promise<number[]> {
  const all: number[] = [];
  for (const each of headers) {
    const response = await fetch(`${url}/anything?x=1`, { headers: each });
    await response.arrayBuffer();
    all.push(response.status);
  }
  return all;
}

describe('sluice start --to', () => {
  const quick = (...more: string[]): Run =>
    sluice([
      'start',
      '--port',
      '0',
      '--admin-port',
      '0',
      '--to',
      `http://127.0.0.1:${backend.port}`,
      ...more,
    ]);

  test('limits everybody together, each address, or each value of a header', async () => {
    const runs = [quick('--limit', '2/day'), quick('--limit', '2/day', '--by', 'ip')];
    const byHeader = quick('--limit', '2/day', '--by', 'header:X-Tenant');
    for (const run of runs) expect(await statuses(await urlOf(run), [{}, {}, {}])).toEqual([200, 200, 429]);
    const tenants = [{ 'x-tenant': 'a' }, { 'x-tenant': 'a' }, { 'X-TENANT': 'a' }, { 'x-tenant': 'b' }, {}];
    expect(await statuses(await urlOf(byHeader), tenants)).toEqual([200, 200, 429, 200, 200]);
    for (const run of [...runs, byHeader]) {
      run.signal('SIGTERM');
      expect((await run.ended).code).toBe(0);
    }
  });

  test.each([
    { args: ['--limit', 'lots'], says: '--limit: found "lots", expected requests per time such as 100/min' },
    { args: ['--limit', '5/min', '--by', 'moon'], says: '--by: found "moon", expected ip or header:NAME' },
    { args: [], says: '--to needs --limit' },
    { args: ['--limit', '5/min', '--store', 'ftp://x'], says: '--store: found "ftp://x", expected local' },
    { args: ['--limit', '5/min', '--threads', '65'], says: 'expected a whole number from 1 to 64' },
    { args: ['--limit', '5/min', '--port', '70000'], says: 'expected a whole number from 0 to 65535' },
    { args: ['--limt', '5/min'], says: "unknown option '--limt'" },
  ])('$args: wrong usage is said, exit 2', async ({ args, says }) => {
    const { code, stderr } = await quick(...args).ended;
    expect(stderr).toContain(says);
    expect(code).toBe(2);
  });

  test('a taken port is said', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const { code, stderr } = await quick('--limit', '5/min', '--admin-port', port).ended;
    taken.close();
    expect(stderr).toContain(`can't listen: listen EADDRINUSE`);
    expect(code).toBe(1);
  });
});

describe('sluice start --home', () => {
  test('a broken home is exit 3 with file, line and column; the gateway never listens', async () => {
    const home = new TestHome({ 'deployment.toml': '[sluice.listener]\nhttp_prt = 8280\n' });
    const { code, stderr } = await sluice(['start', '--home', home.path]).ended;
    home.remove();
    expect(stderr).toMatch(/deployment\.toml:2:1 error\[unknown-key\].*\n.*http_prt = 8280/);
    expect(stderr).toContain('http_port');
    expect(code).toBe(3);
  });

  test('a missing home is exit 3', async () => {
    const { code, stderr } = await sluice(['start'], { SLUICE_HOME: '/nowhere/at/all' }).ended;
    expect(stderr).toContain('/nowhere/at/all');
    expect(code).toBe(3);
  });
});

test('--help of every verb explains it on stdout and exits 0', async () => {
  for (const verb of ['start', 'check', 'demo', 'counters']) {
    const { code, stdout } = await sluice([verb, '--help']).ended;
    expect(stdout).toContain(`Usage: sluice ${verb}`);
    expect(code).toBe(0);
  }
});
