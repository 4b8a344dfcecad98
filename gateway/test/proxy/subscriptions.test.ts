import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Verdict } from '../../src/limiter/verdict.ts';
import { requestQuota } from '../../src/policy/measure.ts';
import type { Charge } from '../../src/policy/plan.ts';
import type { ServedConfig } from '../../src/proxy/serving.ts';
import { until } from '../support/until.ts';
import { admitAll, RunningGateway } from './running-gateway.ts';
import { apiKey, backendAt, gold, limitOf, operationOf, sampleApi, sampleConfig } from './sample.ts';

const schema = `
type Query { languages: [Language] }
type Subscription { changed(first: Int): Language, other: String }
type Language { name: String neighbour: Language }
`;

let gateway: RunningGateway;
let server: WebSocketServer;
const clients: WebSocket[] = [];
const charged: (readonly Charge[])[] = [];
/** What the backend heard. */
const reached: string[] = [];
let left = Infinity;

afterEach(async () => {
  charged.length = 0;
  reached.length = 0;
  left = Infinity;
  for (const client of clients.splice(0)) client.terminate();
  server.close();
  for (const client of server.clients) client.terminate();
  await gateway.close();
});

/** By what the gateway would go with so many levels, and perhaps without the API. */
let configOf: (depthMax: number, more?: Partial<ServedConfig>) => ServedConfig;

function configTo(url: string, depthMax: number): ServedConfig {
  const policy = { name: 'OfChanges', limits: [requestQuota(limitOf(9))] };
  const api = sampleApi({
    context: '/gql',
    basePaths: ['/gql/1.0.0'],
    operations: [operationOf('/changed', 'SUBSCRIPTION', { policy }), operationOf('/languages', 'QUERY')],
    graphql: { schema, complexity: new Map() },
    backends: { PRODUCTION: backendAt(url) },
  });
  const application = {
    id: 'a',
    name: 'a',
    owner: 'o',
    tier: { name: 'Free' },
    apiKeys: [apiKey('mobile-key')],
    subscriptions: [
      { api, tier: { ...gold, graphql: { depthMax, complexityMax: 10 } }, state: 'active' as const },
    ],
  };
  return sampleConfig({ apis: [api], applications: [application] });
}

async function start(): Promise<void> {
  gateway = await RunningGateway.start({
    config: (url) => {
      configOf = (depthMax, more) => ({ ...configTo(url, depthMax), ...more });
      return configOf(2);
    },
  });
  gateway.decide = (charges): Verdict => {
    charged.push(charges);
    const [first] = charges;
    if (first === undefined || left > 0) {
      left -= 1;
      return admitAll(charges);
    }
    const refused = { charge: first, remaining: 0, resetsInMs: 1000 };
    return { admitted: false, certain: true, standings: [refused], refused, because: 'over-limit' };
  };
  server = new WebSocketServer({ server: gateway.backend, handleProtocols: () => 'graphql-transport-ws' });
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer, binary: boolean) => {
      reached.push(data.toString());
      const { type, id } = JSON.parse(data.toString()) as { type: string; id: string };
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
      if (type === 'subscribe' || type === 'start') socket.send(`{"type":"next","id":"${id}"}`, { binary });
    });
  });
}

async function open(key = 'mobile-key'): Promise<{ readonly client: WebSocket; readonly heard: string[] }> {
  const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/gql/1.0.0`, ['graphql-transport-ws'], {
    headers: { ApiKey: key },
  });
  clients.push(client);
  const heard: string[] = [];
  client.on('message', (data: Buffer) => heard.push(data.toString()));
  await new Promise((opened, failed) => {
    client.on('open', opened);
    client.on('error', failed);
  });
  return { client, heard };
}

const asks = (id: string, query: string, type = 'subscribe'): string =>
  JSON.stringify({ id, type, payload: { query } });
const changes = 'subscription { changed { name } }';
const error = (id: string, code: number, message: string): string =>
  JSON.stringify({ type: 'error', id, payload: [{ code, message }] });

describe('GraphQL over a WebSocket', () => {
  test('opening pays nothing; what asks for something pays as a request does', async () => {
    await start();
    const { client, heard } = await open();
    expect(charged).toEqual([]);
    client.send('{"type":"connection_init"}');
    client.send(asks('1', changes));
    client.send(asks('2', '{ languages { name } }', 'start'));
    client.send('{"type":"ping"}');
    client.send('{"id":"1","type":"complete"}');
    await until(() => reached.length === 5 && heard.length === 3);
    expect(heard).toEqual([
      '{"type":"connection_ack"}',
      '{"type":"next","id":"1"}',
      '{"type":"next","id":"2"}',
    ]);
    expect(charged.map((charges) => charges.map(({ level }) => level))).toEqual([
      ['operation', 'subscription', 'burst'],
      ['subscription', 'burst'],
    ]);
    expect(charged[0]?.[0]?.key).toContain('/gql/1.0.0/changed:SUBSCRIPTION');
  });

  test('messages go on byte by byte, from fragments and binary ones too', async () => {
    await start();
    const { client, heard } = await open();
    const text = `{ "id":"ü", "type":"subscribe",\n"payload":{"query":"${changes}"}}`;
    const half = Buffer.from(text).subarray(0, 7);
    client.send(half, { fin: false, binary: false });
    client.ping();
    client.send(Buffer.from(text).subarray(7));
    client.send(Buffer.from(text));
    await until(() => reached.length === 2 && heard.length === 2);
    expect(reached).toEqual([text, text]);
    expect(charged).toHaveLength(2);
  });

  test.each([
    [
      'too deep',
      'subscription { changed { neighbour { name } } }',
      4020,
      'QUERY TOO DEEP : maximum query depth exceeded 3 > 2',
    ],
    [
      'too complex',
      'subscription { changed(first: 6) { name } }',
      4021,
      'QUERY TOO COMPLEX : maximum query complexity exceeded 12 > 10',
    ],
    [
      'no GraphQL',
      'subscription {',
      4022,
      'INVALID QUERY : Syntax Error: Expected Name, found <EOF>. (line 1).',
    ],
    [
      'not served',
      'subscription { other }',
      4002,
      'No matching resource found in the API for the given request : Check the API documentation and add a proper REST resource path to the invocation URL',
    ],
  ])('%s: an error of the protocol, nothing counted', async (_, query, code, message) => {
    await start();
    const { client, heard } = await open();
    client.send(asks('7', query));
    client.send(asks('8', changes, 'start'));
    await until(() => heard.length === 2);
    expect(heard).toEqual([error('7', code, message), '{"type":"next","id":"8"}']);
    expect([charged.length, reached.length]).toEqual([1, 1]);
  });

  test('over the limit: 4003 for each message, and the connection stays', async () => {
    await start();
    left = 1;
    const { client, heard } = await open();
    for (const id of ['1', '2', '3']) client.send(asks(id, changes));
    await until(() => heard.length === 3);
    const throttled = 'Websocket frame throttled out';
    expect(heard).toContain('{"type":"next","id":"1"}');
    expect(heard).toEqual(expect.arrayContaining([error('2', 4003, throttled), error('3', 4003, throttled)]));
    left = 1;
    client.send(asks('4', changes));
    await until(() => heard.length === 4);
    expect(heard[3]).toBe('{"type":"next","id":"4"}');
  });

  test('what nobody can count never reaches the backend', async () => {
    await start();
    const { client, heard } = await open();
    client.send('{"type":"publish","payload":{"query":"{ languages { name } }"}}');
    client.send(Buffer.from([0xff]));
    await until(() => heard.length === 2);
    expect(new Set(heard)).toEqual(new Set(['Error code: 4005 reason: Bad request']));
    expect(reached).toEqual([]);
  });

  test('a message that is too large ends the connection', async () => {
    await start();
    const { client } = await open();
    const code = new Promise((closed) => client.on('close', closed));
    client.send(asks('1', `# ${'x'.repeat(256 * 1024)}`));
    expect(await code).toBe(1009);
  });

  test('messages are judged by the configuration in force; what needs no charge, too', async () => {
    await start();
    const { client, heard } = await open();
    const deep = 'subscription { changed { neighbour { name } } }';
    client.send(asks('1', deep));
    await until(() => heard.length === 1);
    expect(heard[0]).toContain('4020');
    gateway.goBy(configOf(3));
    client.send(asks('2', deep));
    await until(() => heard.length === 2);
    expect(heard[1]).toBe('{"type":"next","id":"2"}');
    reached.length = 0;
    gateway.goBy(configOf(3, { applications: [] }));
    const code = new Promise((closed) => client.on('close', closed));
    client.send('{"type":"ping"}');
    expect([await code, reached]).toEqual([4001, []]);
    expect(heard[2]).toMatch(/^Error code: 4001 reason: Invalid Credentials : /);
  });

  test('what the backend brings is judged as well', async () => {
    await start();
    const { client, heard } = await open();
    client.send(asks('1', changes));
    await until(() => heard.length === 1);
    gateway.goBy(configOf(2, { apis: [] }));
    const code = new Promise((closed) => client.on('close', closed));
    for (const socket of server.clients) socket.send('{"type":"next","id":"1"}');
    expect([await code, heard.slice(1)]).toEqual([4007, ['Error code: 4007 reason: Context Not Found']]);
  });

  test('a key is asked for at the door', async () => {
    await start();
    await expect(open('nobody')).rejects.toThrow('401');
  });
});
