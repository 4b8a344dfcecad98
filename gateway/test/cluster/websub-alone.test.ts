import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Callbacks } from '../support/callbacks.ts';
import { Gateways } from '../support/gateways.ts';
import { apiProject, application, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

/** A gateway alone, which keeps its subscribers itself, and an API whose events need no signature. */
describe('WebSub in one gateway', () => {
  let callbacks: Callbacks;
  let home: TestHome;
  let gateways: Gateways;
  let url: string;

  beforeAll(async () => {
    callbacks = await Callbacks.start('127.0.0.1');
    home = new TestHome({
      'deployment.toml': '[sluice.websub]\ncallback_hosts = ["localhost"]\n',
      'apis/Hub.yaml': apiProject({
        name: 'Hub',
        production: 1,
        policies: ['AsyncWHGold'],
        more: ['type: WEBSUB', 'isDefaultVersion: true'],
        operations: '[{target: _default, verb: SUBSCRIBE}]',
      }),
      'applications/App.yaml': application('App', { Hub: 'AsyncWHGold' }),
    });
    gateways = await Gateways.start(home.path, 1);
    url = `${gateways.urls[0]}/hub`;
  });
  afterAll(async () => {
    await gateways?.stop();
    await callbacks?.close();
    home?.remove();
  });

  const subscribe = async (
    callback: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<number> => {
    const asked = { 'hub.mode': 'subscribe', 'hub.topic': '_default', 'hub.callback': callback, ...more };
    const body = new URLSearchParams(asked);
    return (await fetch(url, { method: 'POST', headers: { ApiKey: 'App-production' }, body })).status;
  };
  const publish = async (body: string, headers: Readonly<Record<string, string>> = {}): Promise<number> => {
    const to = `${url}/1.0.0/webhooks_events_receiver_resource?topic=/_default`;
    return (await fetch(to, { method: 'POST', body, headers })).status;
  };

  test('a callback whose host is allowed by name gets what was published, as it was', async () => {
    const callback = callbacks.url('/yes/a?keep=this', 'localhost');
    expect(await subscribe(callback)).toBe(202);
    await until(() => callbacks.asked.length === 1);
    const { query } = callbacks.asked[0]!;
    expect(query.get('keep')).toBe('this');
    expect(query.get('hub.mode')).toBe('subscribe');
    expect(query.get('hub.topic')).toBe('_default');
    expect(query.get('hub.lease_seconds')).toBe('864000');
    await until(
      async () =>
        (await publish('{"a":1}', { 'Content-Type': 'application/json' })) === 200 &&
        callbacks.events.length > 0,
    );
    const { body, headers } = callbacks.events[0]!;
    expect([body, headers['content-type']]).toEqual(['{"a":1}', 'application/json']);
  });

  test('an event has at most 1 MiB', async () => {
    expect(await publish('x'.repeat(1024 * 1024 + 1))).toBe(413);
    expect(await publish('x'.repeat(1024 * 1024))).toBe(200);
    await until(() => callbacks.events.some(({ body }) => body.length === 1024 * 1024));
  });

  test('other methods and paths aren’t there, and hub. parameters can’t be too long', async () => {
    const status = async (path: string, init: RequestInit): Promise<number> =>
      (await fetch(`${url}${path}`, init)).status;
    const headers = { ApiKey: 'App-production' };
    expect(await status('', { headers })).toBe(405);
    expect(await status('/1.0.0/_default', { method: 'POST', headers })).toBe(403);
    expect(await subscribe('https://example.com/', { 'hub.other': 'x'.repeat(9000) })).toBe(400);
    expect(await status('', { method: 'POST', headers, body: 'hub.mode=subscribe' })).toBe(400);
  });

  test('when it ends, what is under way is sent', async () => {
    const before = callbacks.count('/yes/a');
    for (let at = 0; at < 20; at += 1) expect(await publish(`last ${at}`)).toBe(200);
    await gateways.stop();
    expect(callbacks.count('/yes/a')).toBe(before + 20);
  });
});
