import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { countInRedis, type Counting } from '../support/counting.ts';
import { Gateways } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { redisMissing } from '../support/redis-server.ts';
import { apiProject, application, policyFile, TestHome } from '../support/test-home.ts';
import { issuerName, jwksOf, Signer } from '../support/signer.ts';
import { openTalk } from '../support/talk.ts';
import { until } from '../support/until.ts';

const throttled = 'Error code: 4003 reason: Websocket frame throttled out';

/** Quotas of events and GraphQL subscriptions over WebSockets, from two gateways on one Redis (wso2.md 1.10 and 3.5). */
describe.skipIf(redisMissing)('WebSockets through two gateways', () => {
  let counting: Counting;
  let backend: Server;
  let sockets: WebSocketServer;
  let home: TestHome;
  let gateways: Gateways;
  const signer = new Signer();
  const clients: WebSocket[] = [];
  /** What the backend heard. */
  const reached: string[] = [];

  beforeAll(async () => {
    counting = await countInRedis();
    backend = createServer();
    sockets = new WebSocketServer({ server: backend });
    sockets.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        reached.push(data.toString());
        if (data.toString().startsWith('echo')) socket.send(data.toString());
      });
    });
    await new Promise<void>((listening) => {
      backend.listen(0, '127.0.0.1', listening);
    });
    const address = backend.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const hour = 'timeUnit: hour, unitTime: 1';
    const policy = (name: string, limit: string, more: readonly string[] = []) =>
      policyFile('subscription', name, limit, ['stopOnQuotaReach: true', ...more]);
    home = new TestHome({
      'repository/conf/deployment.toml': `${counting.deployment}
[[apim.jwt.issuer]]
name = "${issuerName}"
jwks.file = "keys/issuer.json"
`,
      'keys/issuer.json': jwksOf(signer),
      'apis/Chat.yaml': apiProject({
        name: 'Chat',
        production: port,
        policies: ['Events', 'FewEvents'],
        more: ['type: WS'],
        operations: '[{target: /*, verb: SUBSCRIBE}, {target: /*, verb: PUBLISH}]',
      })
        .replaceAll('http://', 'ws://')
        .replace('endpoint_type: http', 'endpoint_type: ws'),
      'apis/Graph/api.yaml': apiProject({
        name: 'Graph',
        production: port,
        securityScheme: '[oauth2, api_key]',
        policies: ['Two'],
        more: ['type: GRAPHQL'],
        operations: '[{target: changed, verb: SUBSCRIPTION}]',
      }),
      'apis/Graph/Definitions/schema.graphql':
        'type Query { a: Int }\ntype Subscription { changed(first: Int): Thing other: Int }\ntype Thing { name: String thing: Thing }',
      'policies/Events.yaml': policy(
        'Events',
        `{type: EVENTCOUNTLIMIT, eventCount: {${hour}, eventCount: 300}}`,
      ),
      'policies/FewEvents.yaml': policy(
        'FewEvents',
        `{type: EVENTCOUNTLIMIT, eventCount: {${hour}, eventCount: 5}}`,
      ),
      'policies/Two.yaml': policy(
        'Two',
        `{type: REQUESTCOUNTLIMIT, requestCount: {${hour}, requestCount: 2}}`,
        ['graphQLMaxDepth: 2', 'graphQLMaxComplexity: 20'],
      ),
      'applications/Many.yaml': application('Many', { Chat: 'Events' }),
      'applications/Few.yaml': application('Few', { Chat: 'FewEvents' }),
      'applications/Sub.yaml': application('Sub', { Graph: 'Two' }).replace(
        'applicationInfo: {',
        'applicationInfo: {keys: [{keyType: PRODUCTION, consumerKey: mobile-prod}], ',
      ),
    });
    gateways = await Gateways.start(home.path, 2);
    await hourWithRoom();
  });
  afterAll(async () => {
    for (const client of clients) client.terminate();
    sockets?.close();
    backend?.close();
    await gateways?.stop();
    await counting?.close();
    home?.remove();
  });

  const open = (gateway: number, path: string, name: string) =>
    openWith(gateway, path, { ApiKey: `${name}-production` });
  const openWith = async (gateway: number, path: string, headers: Readonly<Record<string, string>>) => {
    const talk = await openTalk(`${gateways.urls[gateway]!}${path}`, headers);
    clients.push(talk.client);
    return talk;
  };

  test('a quota of events is exact over both, in both directions; connections stay', async () => {
    const both = await Promise.all([open(0, '/chat/1.0.0/x', 'Few'), open(1, '/chat/1.0.0/x', 'Few')]);
    for (let at = 0; at < 2; at += 1) for (const { client } of both) client.send('echo');
    await until(() => both.every(({ heard }) => heard.length === 2));
    const heard = both.flatMap((one) => one.heard);
    // Four up and one down can be paid, or less up and more down.
    const passed =
      reached.filter((text) => text === 'echo').length + heard.filter((text) => text === 'echo').length;
    expect(passed).toBe(5);
    expect(heard.filter((text) => text === throttled)).toHaveLength(4 - (passed - reached.length));
    expect(both.every(({ client }) => client.readyState === WebSocket.OPEN)).toBe(true);
    const refused = await open(0, '/chat/1.0.0/x', 'Few').catch((error: unknown) => String(error));
    expect(refused).toContain('429');
  });

  test('not one message more than the quota passes, however fast they come', async () => {
    reached.length = 0;
    const both = await Promise.all([open(0, '/chat/1.0.0/x', 'Many'), open(1, '/chat/1.0.0/x', 'Many')]);
    let sent = 0;
    const send = async (times: number): Promise<void> => {
      for (let at = 0; at < times; at += 1) for (const { client } of both) client.send('one way');
      sent += 2 * times;
      await until(() => reached.length + both.flatMap(({ heard }) => heard).length === sent);
    };
    await send(250);
    expect(reached.length).toBeLessThanOrEqual(300);
    // Whoever has said all may have units left, which go back soon.
    await until(async () => {
      await send(1);
      return reached.length >= 300;
    });
    await send(20);
    expect(reached).toHaveLength(300);
    expect(new Set(both.flatMap(({ heard }) => heard))).toEqual(new Set([throttled]));
  });

  test('each subscription pays as a request; errors have the code of their cause', async () => {
    const both = await Promise.all([open(0, '/graph/1.0.0', 'Sub'), open(1, '/graph/1.0.0', 'Sub')]);
    const ask = (at: number, query: string) =>
      both[at]?.client.send(JSON.stringify({ id: 'i', type: 'subscribe', payload: { query } }));
    const heard = () => both.flatMap((one) => one.heard);
    const codes = () =>
      heard().map((text) => (JSON.parse(text) as { payload: { code: number }[] }).payload[0]?.code);
    ask(0, 'subscription { changed { thing { name } } }');
    ask(1, 'subscription { changed { thing { name } } }');
    ask(0, 'subscription {');
    await until(() => heard().length === 3);
    expect(codes()).toEqual(expect.arrayContaining([4020, 4020, 4022]));
    reached.length = 0;
    for (const at of [0, 1, 0, 1]) ask(at, 'subscription { changed { name } }');
    await until(() => heard().length === 5 && reached.length === 2);
    expect(codes().filter((code) => code === 4003)).toHaveLength(2);
  });

  test('what an operation is not, costs or needs has a code of its own; nothing is charged for it', async () => {
    for (const at of [0, 1]) {
      const { client, heard } = await open(at, '/graph/1.0.0', 'Sub');
      const ask = (query: string) =>
        client.send(JSON.stringify({ id: 'i', type: 'subscribe', payload: { query } }));
      ask('subscription { changed(first: 30) { name } }');
      ask('subscription { other }');
      client.send('{"type":"publish","payload":{"query":"{ a }"}}');
      await until(() => heard.length === 3);
      expect(heard.join()).toMatch(/"code":4021.*"code":4002.*Error code: 4005 reason: Bad request/s);
    }
  });

  test('a token that has ended has ended for the messages of open connections', async () => {
    const endsSoon = Math.floor(Date.now() / 1000) - 7;
    const Authorization = `Bearer ${signer.token({ exp: endsSoon })}`;
    const both = await Promise.all([0, 1].map((at) => openWith(at, '/graph/1.0.0', { Authorization })));
    for (const { client, heard } of both) {
      const query = 'subscription { changed { thing { name } } }';
      const codeOf = (text = '') => /code"?: ?(\d+)/.exec(text)?.[1];
      await until(() => {
        client.send(JSON.stringify({ id: 'i', type: 'subscribe', payload: { query } }));
        return codeOf(heard.at(-1)) === '4001';
      }, 15_000);
      await until(() => client.readyState === WebSocket.CLOSED);
      expect(new Set(['4001', '4020', ...heard.map(codeOf)])).toEqual(new Set(['4001', '4020']));
    }
  });
});
