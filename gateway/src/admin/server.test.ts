import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayStatus } from './readiness.ts';
import { startAdmin, type Admin } from './server.ts';

const healthy: GatewayStatus = { serving: true, draining: false, storeUp: true, apis: 2, gateways: 3 };

describe('the admin listener', () => {
  let admin: Admin;
  let status: GatewayStatus;
  let failure: Error | undefined;
  let bugs: unknown[];

  beforeEach(async () => {
    status = healthy;
    failure = undefined;
    bugs = [];
    admin = await startAdmin({
      host: '127.0.0.1',
      port: 0,
      status: () => status,
      metrics: {
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        metrics: () => (failure === undefined ? Promise.resolve('sluice_up 1\n') : Promise.reject(failure)),
      },
      reportBug: (error) => bugs.push(error),
    });
  });

  afterEach(() => admin.close());

  const get = async (path: string, method = 'GET'): Promise<[number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${admin.port}${path}`, { method });
    return [answer.status, await answer.text()];
  };

  test('is alive', async () => {
    expect(await get('/healthz')).toEqual([200, 'alive\n']);
    status = { ...healthy, serving: false };
    expect(await get('/healthz')).toEqual([200, 'alive\n']);
  });

  test.each<[string, Partial<GatewayStatus>, number]>([
    ['ready', {}, 200],
    ['degraded', { storeUp: false }, 200],
    ['starting', { serving: false }, 503],
    ['draining', { draining: true }, 503],
    ['draining', { draining: true, storeUp: false, serving: false }, 503],
  ])('is %s given %j', async (word, more, code) => {
    status = { ...healthy, ...more };
    expect(await get('/readyz')).toEqual([code, `${word}\n`]);
    const [verboseCode, explained] = await get('/readyz?verbose');
    expect(verboseCode).toBe(code);
    expect(JSON.parse(explained)).toEqual({
      state: word,
      serving: status.serving,
      draining: status.draining,
      store: status.storeUp ? 'up' : 'away',
      apis: 2,
      gateways: 3,
    });
  });

  test('shows the metrics in the form Prometheus asks for', async () => {
    const answer = await fetch(`http://127.0.0.1:${admin.port}/metrics`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toBe('sluice_up 1\n');
  });

  test('answers HEAD, and no other methods', async () => {
    expect(await get('/readyz', 'HEAD')).toEqual([200, '']);
    expect(await get('/readyz', 'POST')).toEqual([405, 'Only GET and HEAD.\n']);
  });

  test('tells what there is', async () => {
    expect(await get('/')).toEqual([404, 'Here are: /healthz, /readyz, /metrics\n']);
    expect(await get('/constructor')).toEqual([404, 'Here are: /healthz, /readyz, /metrics\n']);
  });

  test('a failing resource is a 500 that tells nothing', async () => {
    failure = new Error('secret');
    expect(await get('/metrics')).toEqual([500, 'The gateway failed to answer.\n']);
    expect(bugs).toEqual([failure]);
  });
});
