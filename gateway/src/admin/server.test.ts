import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { AdminScope, AdminToken } from '../config/config.ts';
import { Authority } from './api/authority.ts';
import { whyForbidden } from './caller.ts';
import type { GatewayStatus } from './readiness.ts';
import type { ReloadReport } from './reload.ts';
import { startAdmin, type Admin } from './server.ts';

const healthy: GatewayStatus = { serving: true, draining: false, storeUp: true, apis: 2, gateways: 3 };

describe('the admin listener', () => {
  let admin: Admin;
  let status: GatewayStatus;
  let failure: Error | undefined;
  let bugs: unknown[];
  let reloads: number;
  let report: ReloadReport;

  beforeEach(async () => {
    status = healthy;
    failure = undefined;
    bugs = [];
    reloads = 0;
    report = { outcome: 'in-force', apis: 2, restartNeeded: [], diagnostics: [] };
    admin = await startAdmin({
      host: '127.0.0.1',
      port: 0,
      status: () => status,
      metrics: {
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        metrics: () => (failure === undefined ? Promise.resolve('sluice_up 1\n') : Promise.reject(failure)),
      },
      reload: () => {
        reloads += 1;
        return Promise.resolve(report);
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
    expect(await get('/')).toEqual([404, 'Here are: /healthz, /readyz, /metrics, /reload\n']);
    expect(await get('/constructor')).toEqual([404, 'Here are: /healthz, /readyz, /metrics, /reload\n']);
  });

  test.each<[ReloadReport, number]>([
    [{ outcome: 'in-force', apis: 3, restartNeeded: ['the store'], diagnostics: [] }, 200],
    [{ outcome: 'refused', diagnostics: [] }, 422],
    [{ outcome: 'no-files' }, 409],
    [{ outcome: 'failed' }, 500],
  ])('POST /reload tells what is in force, or why not what the files say: %j', async (told, code) => {
    report = told;
    const [status, body] = await get('/reload', 'POST');
    expect([status, JSON.parse(body)]).toEqual([code, told]);
    expect(reloads).toBe(1);
  });

  test.each<[string, RequestOptions, number]>([
    ['GET', { method: 'GET' }, 405],
    ['a page of another site', { headers: { Origin: 'https://evil.example' } }, 403],
    ['a page in a frame without an origin', { headers: { Origin: 'null' } }, 403],
    ['any page of a browser that tells', { headers: { 'Sec-Fetch-Site': 'same-origin' } }, 403],
    ['a form', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }, 403],
    ['a form of plain text', { headers: { 'Content-Type': 'text/plain' } }, 403],
    ['a name that was made to lead here', { headers: { Host: 'evil.example:9090' } }, 403],
    ['a body', { headers: { 'Content-Length': '2' } }, 413],
    ['a body of any length', { headers: { 'Transfer-Encoding': 'chunked' } }, 413],
  ])('%s does not reload', async (_, options, code) => {
    const asked = request({
      method: 'POST',
      port: admin.port,
      host: '127.0.0.1',
      path: '/reload',
      ...options,
    });
    asked.flushHeaders();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    asked.destroy();
    expect(response.statusCode).toBe(code);
    expect(reloads).toBe(0);
  });

  test.each(['localhost:9090', '127.0.0.1', '[::1]:9090', '10.0.0.7:9090'])(
    'who names the host %s may reload',
    async (host) => {
      const headers = { Host: host, 'Content-Type': 'application/json' };
      const asked = request({
        method: 'POST',
        port: admin.port,
        host: '127.0.0.1',
        path: '/reload',
        headers,
      });
      const [response] = (await once(asked.end(), 'response')) as [IncomingMessage];
      response.resume();
      expect([response.statusCode, reloads]).toEqual([200, 1]);
    },
  );

  test('who comes from another machine may not reload', () => {
    const headers = { host: '10.0.0.7:9090' };
    const from = (remoteAddress?: string): number | undefined =>
      whyForbidden({ headers, socket: { remoteAddress } }, undefined)?.status;
    for (const far of ['10.0.0.7', '::ffff:10.0.0.7', 'fe80::1', '1127.0.0.1', '::127.0.0.1', undefined])
      expect(from(far)).toBe(403);
    for (const near of ['127.0.0.1', '127.9.9.9', '::ffff:127.0.0.1', '::1'])
      expect(from(near)).toBeUndefined();
  });

  test('whoever shows a token of the operator may reload from anywhere; a wrong one is no better on this machine', () => {
    const sha256 = createHash('sha256').update('good').digest('hex');
    const tokenOf = (scopes: readonly AdminScope[]): readonly AdminToken[] => [
      { name: 'ops', sha256, scopes },
    ];
    let tokens: readonly AdminToken[] | undefined = tokenOf(['apim:admin']);
    const authority = new Authority(() => tokens, new FakeClock());
    const from = (remoteAddress: string, authorization: string): number | undefined =>
      whyForbidden({ headers: { host: 'gw.example', authorization }, socket: { remoteAddress } }, authority)
        ?.status;
    expect(from('10.0.0.7', 'Bearer good')).toBeUndefined();
    expect(from('10.0.0.7', 'Bearer bad')).toBe(401);
    expect(from('127.0.0.1', 'Bearer bad')).toBe(401);
    tokens = tokenOf(['apim:tier_view']);
    expect(from('10.0.0.7', 'Bearer good')).toBe(403);
    tokens = undefined;
    expect(from('10.0.0.7', 'Bearer good')).toBe(403);
  });

  test('a failing resource is a 500 that tells nothing', async () => {
    failure = new Error('secret');
    expect(await get('/metrics')).toEqual([500, 'The gateway failed to answer.\n']);
    expect(bugs).toEqual([failure]);
  });
});
