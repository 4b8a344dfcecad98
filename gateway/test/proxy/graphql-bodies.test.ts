import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requestQuota } from '../../src/policy/measure.ts';
import { BodyRoom } from '../../src/proxy/body-room.ts';
import { startProxy } from '../../src/proxy/server.ts';
import { stopwatchMs, systemClock } from '../../src/system-clock.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { until } from '../support/until.ts';
import { admitAll, type RawClient, RunningGateway } from './running-gateway.ts';
import { apiKey, backendAt, gold, limitOf, operationOf, sampleApi, sampleConfig } from './sample.ts';

const kib = 1024;
const bytesMax = 256 * kib;

let gateway: RunningGateway;
let room: BodyRoom;

/** What the backend does with a request. */
let backend: 'answers' | 'is silent' | 'breaks off';

beforeEach(async () => {
  backend = 'answers';
  room = new BodyRoom(bytesMax);
  gateway = await RunningGateway.start({
    bodyRooms: { queries: room, events: new BodyRoom() },
    backend: (request, response) => {
      if (backend === 'breaks off') request.socket.destroy();
      else request.resume().on('end', () => backend === 'answers' && response.end('{}'));
    },
    config: (url) => {
      const api = sampleApi({
        name: 'Languages',
        context: '/gql',
        basePaths: ['/gql/1.0.0'],
        operations: [operationOf('/languages', 'QUERY')],
        graphql: { schema: 'type Query { languages: String }', complexity: new Map() },
        backends: { PRODUCTION: backendAt(url, limitOf(1_000_000)) },
      });
      const application = {
        id: 'a',
        name: 'a',
        owner: 'o',
        tier: { name: 'T', quotas: [requestQuota(limitOf(1_000_000))] },
        apiKeys: [apiKey('mobile-key')],
        subscriptions: [{ api, tier: gold, state: 'active' as const }],
      };
      return sampleConfig({ apis: [api], applications: [application] });
    },
  });
});
afterEach(() => gateway.close());

/** A query in so many bytes. */
function queryOf(bytes: number): string {
  const [begin, end] = ['{"query":"{ languages }', '"}'];
  return `${begin}${' '.repeat(bytes - begin.length - end.length)}${end}`;
}

/** A client that has sent a request's head. */
function begin(framing: string, ...more: readonly string[]): RawClient {
  return gateway.connect().request('POST /gql/1.0.0', ...fieldsOf(framing), ...more);
}

function fieldsOf(framing: string): readonly string[] {
  return ['ApiKey: mobile-key', 'Content-Type: application/json', framing];
}

const sized = (bytes: number): string => `Content-Length: ${bytes}`;
const chunked = 'Transfer-Encoding: chunked';
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

async function heard(client: RawClient, text: string): Promise<void> {
  await expect.poll(() => client.received).toContain(text);
}

async function held(bytes: number): Promise<void> {
  await expect.poll(() => room.bytes).toBe(bytes);
}

describe('the bodies of GraphQL requests, together', () => {
  test('hold what they say from their heads on; one more is refused unread, until one has left', async () => {
    const slow = begin(sized(200 * kib));
    await held(200 * kib);
    const waiting = begin(sized(100 * kib), 'Expect: 100-continue');
    await heard(waiting, '908022');
    expect(waiting.received).toMatch(/^HTTP\/1\.1 503 /);
    expect(waiting.received).toMatch(/\r\nRetry-After: 1\r\n/i);
    expect(room.bytes).toBe(200 * kib);
    const small = begin(sized(kib)).send(queryOf(kib));
    await heard(small, '200 OK');
    expect(gateway.seen).toHaveLength(1);
    slow.socket.destroy();
    await held(0);
    const next = begin(sized(100 * kib)).send(queryOf(100 * kib));
    await heard(next, '200 OK');
    await held(0);
  });

  test('hold what has come of those in chunks; one that gets too large for the rest is refused, and its connection goes on', async () => {
    begin(sized(200 * kib));
    await held(200 * kib);
    const client = begin(chunked);
    await held(204 * kib);
    client.send(chunk('x'.repeat(50 * kib)));
    await held(250 * kib);
    client.send(chunk('x'.repeat(10 * kib)));
    await heard(client, '908022');
    await held(200 * kib);
    client.send(`${chunk('x')}0\r\n\r\n`);
    client.request('POST /gql/1.0.0', ...fieldsOf(sized(10 * kib))).send(queryOf(10 * kib));
    await heard(client, '200 OK');
    await held(200 * kib);
    expect(gateway.seen).toHaveLength(1);
  });

  test('hold nothing once they went to the backend, however long that takes to answer', async () => {
    backend = 'is silent';
    const client = begin(sized(200 * kib)).send(queryOf(200 * kib));
    await expect.poll(() => gateway.seen.length).toBe(1);
    await held(0);
    expect(client.received).toBe('');
  });

  test('hold nothing once they are refused, also when that can not be told yet', async () => {
    backend = 'is silent';
    const client = begin(sized(kib)).send(queryOf(kib));
    await expect.poll(() => gateway.seen.length).toBe(1);
    client.request('POST /gql/1.0.0', ...fieldsOf(sized(100 * kib)));
    await held(100 * kib);
    client.send('x'.repeat(100 * kib));
    await held(0);
    expect(client.received).toBe('');
  });

  test('hold nothing of a client that had left before anything of them was asked for', async () => {
    const late: boolean[] = [];
    const proxy = await startProxy({
      host: '127.0.0.1',
      port: 0,
      bodyRooms: { queries: room, events: new BodyRoom() },
      clock: systemClock,
      stopwatchMs,
      handle: (exchange) => {
        exchange.onOver = () => late.push(exchange.holdBody('queries').reach(kib));
        exchange.cut();
      },
      answerTo: ({ cause }) => ({ status: cause.status, fields: [], body: '', closes: true }),
    });
    await Promise.allSettled([fetch(`http://127.0.0.1:${proxy.port}`)]);
    await proxy.drain(0);
    expect(late).toEqual([false]);
    expect(room.bytes).toBe(0);
  });
});

/** Requests to their ends, with bodies of so many bytes. */
const ends: Readonly<Record<string, (random: Random, bytes: number) => Promise<unknown>>> = {
  whole: async (random, bytes) => {
    const client = begin(sized(bytes));
    await turns(random);
    await answered(client.send(queryOf(bytes)));
  },
  'whole, in chunks': async (random, bytes) => {
    const text = queryOf(bytes);
    const at = 1 + random.below(bytes - 1);
    const client = begin(chunked).send(chunk(text.slice(0, at)));
    await turns(random);
    await answered(client.send(`${chunk(text.slice(at))}0\r\n\r\n`));
  },
  'left midway': async (random, bytes) => {
    const framing = random.pick([sized(bytes), chunked]);
    const part = queryOf(bytes).slice(0, 1 + random.below(bytes - 1));
    const client = begin(framing).send(framing === chunked ? chunk(part) : part);
    await turns(random);
    client.socket.destroy();
  },
  'no GraphQL': (_, bytes) => answered(begin(sized(bytes)).send('x'.repeat(bytes))),
  'no such field': (_, bytes) =>
    answered(begin(sized(bytes)).send(queryOf(bytes).replace('languages', 'nonsenses'))),
  'too large': () => answered(begin(sized(bytesMax + 1))),
  'not HTTP': (_, bytes) => answered(begin(chunked).send(`${chunk(queryOf(bytes))}nonsense\r\n`)),
  'left with another behind': (_, bytes) => {
    const body = queryOf(bytes);
    const client = begin(sized(bytes)).send(body);
    client.request('POST /gql/1.0.0', ...fieldsOf(sized(bytes)));
    return answered(client.send(body));
  },
};

async function turns(random: Random): Promise<void> {
  for (let left = random.below(9); left > 0; left -= 1) await new Promise(setImmediate);
}

/** Waits for the first of its answer, and leaves. */
async function answered(client: RawClient): Promise<void> {
  if (client.received === '' && !client.ended) {
    await new Promise((done) => {
      client.socket.once('data', done).once('close', done);
    });
  }
  client.socket.destroy();
}

test('after thousands of bodies with any end nothing is held, and never more than there is', async () => {
  const random = seededRandom();
  const context = `seed ${random.seed}`;
  let most = 0;
  gateway.decide = (charges) => {
    most = Math.max(most, room.bytes);
    backend = random.chance(0.1) ? 'breaks off' : 'answers';
    if (random.chance(0.9)) {
      const verdict = admitAll(charges);
      return random.chance(0.5) ? verdict : Promise.resolve(verdict);
    }
    const [charge] = charges;
    const standing = { charge: charge!, remaining: 0, resetsInMs: 1000 };
    return {
      admitted: false,
      refused: standing,
      standings: [standing],
      because: 'over-limit',
      certain: true,
    };
  };
  // What is left is too little for some, whatever the others do.
  const slow = begin(sized(150 * kib));
  await held(150 * kib);
  for (let round = 0; round < 150; round += 1) {
    const some = Array.from({ length: 20 }, () => random.pick(Object.values(ends)));
    await Promise.all(some.map((end) => end(random, 40 + random.below(random.pick([kib, 200 * kib])))));
  }
  slow.socket.destroy();
  await until(() => gateway.records.length === gateway.begun);
  expect(room.bytes, context).toBe(0);
  expect(most, context).toBeLessThanOrEqual(bytesMax);
  const codes = new Map<string | undefined, number>();
  for (const { code } of gateway.records) codes.set(code, (codes.get(code) ?? 0) + 1);
  const exercised = [undefined, '908001', '908015', '908022', '900422', '900804', '101505'];
  const least = Math.min(...exercised.map((code) => codes.get(code) ?? 0));
  expect(least, `${context} ${JSON.stringify([...codes])}`).toBeGreaterThan(10);
});
