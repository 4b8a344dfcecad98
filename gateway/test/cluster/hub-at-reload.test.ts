import { afterAll, beforeAll, expect, test } from 'vitest';
import { sluice, type Run } from '../support/sluice.ts';
import { apiProject, application, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const listener = (threads: number): string => `[sluice.listener]\nthreads = ${threads}\n`;
const hub = apiProject({
  name: 'Hub',
  production: 1,
  policies: ['AsyncWHGold'],
  more: ['type: WEBSUB'],
  operations: '[{target: orders, verb: SUBSCRIBE}]',
});
let home: TestHome;
let gateway: Run;

beforeAll(async () => {
  home = new TestHome({
    'deployment.toml': listener(2),
    'apis/Open.yaml': apiProject({ name: 'Open', production: 1, policies: ['Gold'] }),
    'applications/App.yaml': application('App', { Open: 'Gold' }),
  });
  gateway = sluice(['start', '--home', home.path, '--port', '0', '--admin-port', '0', '--no-watch']);
  await until(() => gateway.said().includes('admin on'));
});
afterAll(async () => {
  gateway?.signal('SIGTERM');
  await gateway?.ended;
  home?.remove();
});

test('what a gateway runs with decides whether it can be a hub, not what takes a restart', async () => {
  home.write('deployment.toml', listener(1));
  home.write('apis/Hub.yaml', hub);
  const url = /admin on (http:\/\/[^,]+),/.exec(gateway.said())?.[1];
  const response = await fetch(`${url}/reload`, { method: 'POST' });
  const message: unknown = expect.stringContaining('this gateway has several threads and no Redis');
  const diagnostics: unknown = expect.arrayContaining([
    expect.objectContaining({ code: 'not-supported', message }),
  ]);
  expect([response.status, await response.json()]).toEqual([
    422,
    expect.objectContaining({ outcome: 'refused', diagnostics }),
  ]);
});
