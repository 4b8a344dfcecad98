import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Verdict } from '../../src/limiter/verdict.ts';
import type { Quota } from '../../src/policy/measure.ts';
import type { Charge } from '../../src/policy/plan.ts';
import { openTalk, type Talk } from '../support/talk.ts';
import { until } from '../support/until.ts';
import { admitAll, RunningGateway } from './running-gateway.ts';
import { backendAt, limitOf, operationOf, sampleApi, sampleConfig } from './sample.ts';

const notice = 'Error code: 4003 reason: Websocket frame throttled out';

let gateway: RunningGateway;
let server: WebSocketServer;
const clients: WebSocket[] = [];
/** Events that may still pass. */
let left = Infinity;
let paid = 0;
/** Answers of the limiter that wait to be given. */
let late: (() => void)[] | undefined;

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  server.close();
  for (const client of server.clients) client.terminate();
  await gateway.close();
});

function refused(charge: Charge): Verdict {
  const standing = { charge, remaining: 0, resetsInMs: 1000 };
  return { admitted: false, certain: true, standings: [standing], refused: standing, because: 'over-limit' };
}

function decide(charges: readonly Charge[]): Verdict {
  const [first] = charges;
  if (first?.measure !== 'events' || first.cost === 0) return admitAll(charges);
  if (left < first.cost) return refused(first);
  left -= first.cost;
  paid += first.cost;
  return admitAll(charges);
}

async function start(serve: (socket: WebSocket) => void, events = Infinity): Promise<void> {
  left = events;
  paid = 0;
  late = undefined;
  const quotas: readonly Quota[] = [{ measure: 'events', limit: limitOf(1000) }];
  gateway = await RunningGateway.start({
    config: (url) =>
      sampleConfig({
        apis: [
          sampleApi({
            operations: [operationOf('/*', '*', { open: true })],
            backends: { PRODUCTION: backendAt(url) },
            webSocket: true,
            anonymous: { tier: { name: 'Events', quotas }, by: { kind: 'client-address' } },
          }),
        ],
        applications: [],
      }),
  });
  gateway.decide = (charges) => {
    const isEvent = charges[0]?.measure === 'events' && charges[0].cost > 0;
    if (late === undefined || !isEvent) return decide(charges);
    return new Promise((answer) => late?.push(() => answer(decide(charges))));
  };
  server = new WebSocketServer({ server: gateway.backend, perMessageDeflate: true });
  server.on('connection', serve);
}

async function open(): Promise<Talk> {
  const talk = await openTalk(`${gateway.url}/orders/1.0.0/chat`);
  clients.push(talk.client);
  return talk;
}

const echo = (socket: WebSocket): void => {
  socket.on('message', (data: Buffer, binary) => socket.send(data, { binary }));
};

describe('a WebSocket whose messages are counted', () => {
  test('each message pays once, in both directions, however it is framed', async () => {
    await start(echo);
    const { client, heard } = await open();
    client.send('one');
    client.send('tw', { fin: false });
    client.send('o');
    client.send(Buffer.alloc(300_000, 'x'));
    await until(() => heard.length === 3);
    expect(heard.map((text) => text.slice(0, 3))).toEqual(['one', 'two', 'xxx']);
    expect(heard[2]).toHaveLength(300_000);
    expect(paid).toBe(6);
  });

  test('control frames are free, between fragments too', async () => {
    await start(echo, 2);
    const { client, heard } = await open();
    let pongs = 0;
    client.on('pong', () => {
      pongs += 1;
    });
    client.send('a', { fin: false });
    for (let at = 0; at < 20; at += 1) client.ping();
    client.send('b');
    await until(() => heard.length === 1 && pongs === 20);
    expect([heard, paid]).toEqual([['ab'], 2]);
    client.close(4000, 'bye');
    await until(() => client.readyState === WebSocket.CLOSED);
    expect(paid).toBe(2);
  });

  test('what can not be paid is dropped whole and the client told; the connection stays', async () => {
    const reached: string[] = [];
    await start((socket) => socket.on('message', (data: Buffer) => reached.push(data.toString())), 1);
    const { client, heard } = await open();
    client.send('first');
    client.send('sec', { fin: false });
    client.send('ond');
    client.send('third');
    await until(() => heard.length === 2);
    expect(heard).toEqual([notice, notice]);
    left = 1;
    client.send('fourth');
    await until(() => reached.length === 2);
    expect(reached).toEqual(['first', 'fourth']);
  });

  test('what the backend says and can not be paid never reaches the client', async () => {
    await start((socket) => {
      for (const text of ['a', 'b', 'c']) socket.send(text);
      socket.ping();
    }, 2);
    const client = new WebSocket(`ws://127.0.0.1:${gateway.port}/orders/1.0.0/chat`);
    clients.push(client);
    const heard: string[] = [];
    client.on('message', (data: Buffer) => heard.push(data.toString()));
    let pinged = false;
    client.on('ping', () => {
      pinged = true;
    });
    await until(() => pinged && heard.length === 3);
    expect(heard).toEqual(['a', 'b', notice]);
  });

  test('a notice waits until the message of the backend is over', async () => {
    let socket: WebSocket | undefined;
    await start((opened) => {
      socket = opened;
    });
    const { client, heard } = await open();
    await until(() => socket !== undefined);
    socket?.send('beg', { fin: false });
    await until(() => paid === 1);
    left = 0;
    client.send('dropped');
    client.send('dropped');
    client.ping();
    await new Promise((ponged) => client.on('pong', ponged));
    socket?.send('in');
    await until(() => heard.length === 2);
    expect(heard).toEqual(['begin', notice]);
  });

  test('messages wait for the limiter in their order, and their senders with them', async () => {
    await start(echo);
    const { client, heard } = await open();
    late = [];
    for (let at = 0; at < 5; at += 1) client.send(`m${at}`);
    await until(() => late?.length === 1);
    const [first] = late;
    late = undefined;
    first?.();
    await until(() => heard.length === 5);
    expect(heard).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  });

  test('compression is not agreed on: it would hide where messages depend on each other', async () => {
    await start(echo);
    const { client } = await open();
    expect(client.extensions).toBe('');
    expect(gateway.records).toEqual([]);
  });

  test('bytes that are no frames end both sides with 1002', async () => {
    let code: number | undefined;
    await start((socket) =>
      socket.on('close', (with_) => {
        code = with_;
      }),
    );
    const client = gateway.connect();
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    client.request(
      'GET /orders/1.0.0/x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      key,
    );
    await until(() => client.received.includes('101 Switching'));
    client.socket.write(Buffer.from('810161', 'hex'));
    await until(() => code !== undefined && client.ended);
    expect(code).toBe(1002);
    expect(client.received.endsWith('\x88\x02\x03\xea')).toBe(true);
  });

  test('a client that listens to nothing is not read without end', async () => {
    await start(() => {}, 0);
    const client = gateway.connect();
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    client.request(
      'GET /orders/1.0.0/x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      key,
    );
    await until(() => client.received.includes('101 Switching'));
    client.socket.pause();
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from('81810000000061', 'hex')));
    let written = 0;
    while (client.socket.write(many) || written < 100) {
      written += 1;
      if (written > 400) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // 58 bytes of notices for each 7 of frames: what is said can't outgrow the sockets' own room.
    await expect.poll(() => client.socket.writableLength).toBeGreaterThan(1_000_000);
    client.socket.resume();
    await until(() => client.received.length > 1_000_000);
  });

  test('a client that leaves takes the backend along, and one line tells of it', async () => {
    let closed = false;
    await start((socket) =>
      socket.on('close', () => {
        closed = true;
      }),
    );
    const { client } = await open();
    client.terminate();
    await until(() => closed && gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ status: 101, aborted: false });
  });
});
