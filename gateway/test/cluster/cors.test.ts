import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Gateways, redisDeployment } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';

const app = 'https://app.example.com';

/** Web pages at two gateways on one Redis, in front of a backend with a mind of its own. */
describe.skipIf(redisMissing)('what a browser sees', () => {
  let redis: RedisServer;
  let backend: Server;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    redis = await RedisServer.start();
    backend = createServer((request, response) => {
      const said = { 'Access-Control-Allow-Origin': 'https://backend.example', Vary: 'Accept' };
      response.writeHead(200, { ...said, 'Access-Control-Max-Age': '5' }).end(request.method);
    }).listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const address = backend.address();
    const production = address !== null && typeof address === 'object' ? address.port : 0;
    const of = (origin: string): string =>
      `corsConfiguration: {corsConfigurationEnabled: true, accessControlAllowOrigins: ["${origin}"]}`;
    const api = (name: string, more: readonly string[], operations: string): string =>
      apiProject({ name, production, policies: ['TwoPerHour'], more, operations });
    home = new TestHome({
      'repository/conf/deployment.toml': `${redisDeployment(redis)}\n[apim.cors]\nallow_origins = ["*"]\n`,
      'apis/Page.yaml': api('Page', [of(app)], '[{target: /*, verb: GET}, {target: /*, verb: PUT}]'),
      'apis/Soap.yaml': api('Soap', ['type: SOAP', of(app)], '[{target: /*, verb: POST}]'),
      'apis/Plain.yaml': api('Plain', [], '[{target: /*, verb: OPTIONS}, {target: /*, verb: GET}]'),
      'apis/Held.yaml': api('Held', ['lifeCycleStatus: BLOCKED', of(app)], '[{target: /*, verb: GET}]'),
      'policies/TwoPerHour.yaml': subscriptionPolicy('TwoPerHour', { perHour: 2 }),
      'applications/App.yaml': application('App', {
        Page: 'TwoPerHour',
        Soap: 'TwoPerHour',
        Plain: 'TwoPerHour',
      }),
    });
    gateways = await Gateways.start(home.path, 2);
  });
  afterAll(async () => {
    await gateways?.stop();
    backend?.close();
    await redis?.stop();
    home?.remove();
  });

  let turn = 0;
  const ask = (path: string, method = 'GET', fields: Readonly<Record<string, string>> = {}) => {
    turn += 1;
    const headers = { ApiKey: 'App-production', Origin: app, ...fields };
    return fetch(`${gateways.urls[turn % 2]}${path}`, { method, headers });
  };
  const said = ({ headers }: Response) => ({
    origin: headers.get('access-control-allow-origin'),
    exposed: headers.get('access-control-expose-headers'),
    vary: headers.get('vary'),
  });
  const exposed = 'activityid, RateLimit, RateLimit-Policy, Retry-After';

  test('answers and refusals of every kind carry the fields, and preflights are answered and charge nothing', async () => {
    await hourWithRoom();
    const preflight = { ApiKey: '', 'Access-Control-Request-Method': 'PUT' };
    for (let i = 0; i < 6; i += 1) {
      const answer = await ask('/page/1.0.0/x', 'OPTIONS', preflight);
      expect(answer.status).toBe(204);
      expect(said(answer)).toEqual({ origin: app, exposed, vary: 'Origin' });
      expect(answer.headers.get('access-control-allow-methods')).toBe('GET, PUT, OPTIONS');
      expect(answer.headers.get('access-control-allow-headers')).toContain('apikey');
    }
    const answers = [];
    for (let i = 0; i < 3; i += 1) answers.push(await ask('/page/1.0.0/x'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(said)).toEqual([
      { origin: app, exposed, vary: 'Accept, Origin' },
      { origin: app, exposed, vary: 'Accept, Origin' },
      { origin: app, exposed, vary: 'Origin' },
    ]);
    expect(answers[0]?.headers.get('access-control-max-age')).toBe(null);
    const refusals = [
      await ask('/page/1.0.0/x', 'GET', { ApiKey: 'nobody' }),
      await ask('/page/1.0.0/x', 'DELETE'),
      await ask('/held/1.0.0/x'),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([401, 405, 503]);
    for (const refusal of refusals) expect(said(refusal)).toEqual({ origin: app, exposed, vary: 'Origin' });
  });

  test('SOAP faults carry them too', async () => {
    await hourWithRoom();
    const answers = [];
    for (let i = 0; i < 3; i += 1) answers.push(await ask('/soap/1.0.0/x', 'POST'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(await answers[2]?.text()).toContain('Fault');
    expect(answers.map((answer) => said(answer).origin)).toEqual([app, app, app]);
  });

  test('another origin is served, and told nothing', async () => {
    const answer = await ask('/page/1.0.0/x', 'GET', { ApiKey: 'nobody', Origin: 'https://evil.example' });
    expect(said(answer)).toEqual({ origin: null, exposed: null, vary: 'Origin' });
    const preflight = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'GET' };
    const asked = await ask('/page/1.0.0/x', 'OPTIONS', preflight);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-methods')).toBe(null);
  });

  test("an API without word of its own has what all have; OPTIONS that it lists is the backend's", async () => {
    await hourWithRoom();
    expect(said(await ask('/plain/1.0.0/x', 'GET', { ApiKey: 'nobody' }))).toEqual({
      origin: '*',
      exposed,
      vary: null,
    });
    const preflight = { 'Access-Control-Request-Method': 'GET' };
    const answer = await ask('/plain/1.0.0/x', 'OPTIONS', preflight);
    expect(await answer.text()).toBe('OPTIONS');
    expect(said(answer).origin).toBe('https://backend.example');
    expect(answer.headers.get('ratelimit')).toContain('r=1');
  });
});
