import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Server } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { Gateways, redisDeployment } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { issuerName, jwksOf, Signer } from '../support/signer.ts';
import { apiProject, application, policyFile, TestHome } from '../support/test-home.ts';
import { openTalk } from '../support/talk.ts';
import { until } from '../support/until.ts';

const notice = (code: number, reason: string): string => `Error code: ${code} reason: ${reason}`;
const throttled = notice(4003, 'Websocket frame throttled out');

/** What becomes of open WebSockets when files change and when the store is away, through two gateways on one Redis (wso2.md 3.5). */
describe.skipIf(redisMissing)('WebSockets that stay open', () => {
  const signer = new Signer();
  const clients: WebSocket[] = [];
  let redis: RedisServer;
  let backend: Server;
  let sockets: WebSocketServer;
  let home: TestHome;
  let gateways: Gateways;
  /** Messages the backend has heard. */
  let reached = 0;

  const deployment = (keys: string): string =>
    redisDeployment(
      redis,
      `[sluice.store]\non_failure = "deny"\n[[apim.jwt.issuer]]\nname = "${issuerName}"\n${keys}\n`,
    );
  const events = (name: string, count: number): string =>
    policyFile(
      'subscription',
      name,
      `{type: EVENTCOUNTLIMIT, eventCount: {timeUnit: hour, unitTime: 1, eventCount: ${count}}}`,
      ['stopOnQuotaReach: true'],
    );
  const project = (name: string, port: number): string =>
    apiProject({
      name,
      production: port,
      policies: ['Events', 'Many'],
      securityScheme: '[oauth2, api_key]',
      more: ['type: WS'],
      operations: '[{target: /*, verb: SUBSCRIBE}, {target: /*, verb: PUBLISH}]',
    })
      .replaceAll('http://', 'ws://')
      .replace('endpoint_type: http', 'endpoint_type: ws');

  beforeAll(async () => {
    redis = await RedisServer.start();
    backend = createServer();
    sockets = new WebSocketServer({ server: backend });
    sockets.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        reached += 1;
        socket.send(data.toString());
      });
    });
    await new Promise<void>((listening) => {
      backend.listen(0, '127.0.0.1', listening);
    });
    const address = backend.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const withKey = (name: string, subscriptions: Readonly<Record<string, string>>): string =>
      application(name, subscriptions).replace(
        'applicationInfo: {',
        'applicationInfo: {keys: [{keyType: PRODUCTION, consumerKey: mobile-prod}], ',
      );
    home = new TestHome({
      'repository/conf/deployment.toml': deployment('jwks.file = "keys/issuer.json"'),
      'keys/issuer.json': jwksOf(signer),
      'apis/Chat.yaml': project('Chat', port),
      'apis/News.yaml': project('News', port),
      'policies/Events.yaml': events('Events', 6),
      'policies/Many.yaml': events('Many', 1000),
      'applications/Some.yaml': application('Some', { Chat: 'Events', News: 'Many' }),
      'applications/Tokens.yaml': withKey('Tokens', { Chat: 'Many' }),
    });
    gateways = await Gateways.start(home.path, 2);
    await hourWithRoom();
  });
  afterAll(async () => {
    for (const client of clients) client.terminate();
    sockets?.close();
    backend?.close();
    await gateways?.stop();
    await redis?.stop();
    home?.remove();
  });

  const openBoth = (
    path: string,
    headers: Readonly<Record<string, string>> = { ApiKey: 'Some-production' },
  ) =>
    Promise.all(
      gateways.urls.map(async (gateway) => {
        const talk = await openTalk(`${gateway}${path}`, headers);
        clients.push(talk.client);
        return talk;
      }),
    );
  const reload = async (): Promise<void> => {
    for (const url of gateways.adminUrls) {
      const response = await fetch(`${url}/reload`, { method: 'POST' });
      expect(await response.json()).toMatchObject({ outcome: 'in-force' });
    }
  };

  test('a limit that is changed applies from the next message on, and what was counted stays counted', async () => {
    const both = await openBoth('/chat/1.0.0/x');
    reached = 0;
    const passed = (): number =>
      reached + both.flatMap(({ heard }) => heard).filter((text) => text === 'echo').length;
    const spend = async (limit: number): Promise<void> => {
      const last: string[] = [];
      // A unit may lie ready on the other gateway for a moment.
      await until(async () => {
        for (const { say } of both) last.push(await say('echo'));
        return passed() >= limit && last.slice(-4).every((text) => text === throttled);
      });
      expect(passed()).toBe(limit);
    };
    await spend(6);
    for (const limit of [9, 11]) {
      home.write('policies/Events.yaml', events('Events', limit));
      await reload();
      await spend(limit);
    }
    expect(both.flatMap(({ ends }) => ends)).toEqual([]);
  });

  test('4007: the API has gone', async () => {
    const both = await openBoth('/news/1.0.0/x');
    for (const { say } of both) expect(await say('echo')).toBe('echo');
    home.write('apis/News.yaml', project('Elsewhere', 1));
    home.write('applications/Some.yaml', application('Some', { Chat: 'Events' }));
    await reload();
    for (const { say, ends } of both) {
      expect(await say('echo')).toBe(notice(4007, 'Context Not Found'));
      await until(() => ends.length === 1);
      expect(ends).toEqual([4007]);
    }
  });

  test('4002: the subscription is blocked', async () => {
    home.write('policies/Events.yaml', events('Events', 100));
    await reload();
    const both = await openBoth('/chat/1.0.0/x');
    home.write(
      'applications/Some.yaml',
      application('Some', { Chat: 'Events' }, 'Unlimited', { Chat: 'BLOCKED' }),
    );
    await reload();
    for (const { say, ends } of both) {
      expect(await say('echo')).toContain(
        'Error code: 4002 reason: The requested API is temporarily blocked',
      );
      await until(() => ends.length === 1);
    }
  });

  test('4004: a message nobody can decide about is dropped while the store is away; the connection stays', async () => {
    const both = await openBoth('/chat/1.0.0/x', { Authorization: `Bearer ${signer.token()}` });
    for (const { say } of both) expect(await say('echo')).toBe('echo');
    await redis.kill();
    for (const { say } of both) {
      await until(async () =>
        (await say('echo')).includes('Error code: 4004 reason: Rate limit unavailable'),
      );
    }
    await redis.restart();
    for (const { say, ends } of both) {
      await until(async () => (await say('echo')).endsWith('echo'));
      expect(ends).toEqual([]);
    }
  });

  test('4000: nobody can tell any more whether the token is good', async () => {
    const both = await openBoth('/chat/1.0.0/x', { Authorization: `Bearer ${signer.token()}` });
    for (const { say } of both) expect(await say('echo')).toBe('echo');
    home.write('repository/conf/deployment.toml', deployment('jwks.url = "http://127.0.0.1:1/keys"'));
    await reload();
    for (const { say, ends } of both) {
      expect(await say('echo')).toBe(notice(4000, 'Unclassified Authentication Failure'));
      await until(() => ends.length === 1);
      expect(ends).toEqual([4000]);
    }
  });
});
