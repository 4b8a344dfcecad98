import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BodyRoom } from '../../src/proxy/body-room.ts';
import { Hub, type Outcome } from '../../src/websub/hub.ts';
import { MemoryBook } from '../../src/websub/memory-book.ts';
import type { Subscriber } from '../../src/websub/subscriber.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { type RawClient, RunningGateway } from './running-gateway.ts';
import { operationOf, sampleApi, sampleApplication, sampleConfig } from './sample.ts';

const kib = 1024;
const bytesMax = 256 * kib;

/** Says who is subscribed only when it is told to. */
class SlowBook extends MemoryBook {
  subscribed: readonly Subscriber[] = [];
  readonly asked: (() => void)[] = [];
  isSlow = false;

  override async subscribers(): Promise<readonly Subscriber[]> {
    if (this.isSlow) await new Promise<void>((resolve) => this.asked.push(resolve));
    return this.subscribed;
  }
}

let gateway: RunningGateway;
let queries: BodyRoom;
let events: BodyRoom;
let book: SlowBook;
let hub: Hub;
let counts: Map<Outcome, number>;

beforeEach(async () => {
  queries = new BodyRoom(bytesMax);
  events = new BodyRoom(bytesMax);
  counts = new Map();
  const clock = new FakeClock();
  book = new SlowBook(clock);
  hub = new Hub({
    book,
    allowed: { callbackHosts: [], callbackNetworks: [] },
    clock,
    recorder: {
      delivery: (outcome, count) => counts.set(outcome, (counts.get(outcome) ?? 0) + count),
      verified: () => {},
    },
    reportBug: (error) => gateway.bugs.push(error),
  });
  const api = sampleApi({
    name: 'Hub',
    context: '/hub',
    basePaths: ['/hub/1.0.0'],
    operations: [operationOf('/news', 'SUBSCRIBE')],
    webSub: {},
    backends: {},
  });
  const applications = ['a', 'b'].map((id) => sampleApplication(api, { id, apiKeys: [] }));
  gateway = await RunningGateway.start({
    hub,
    bodyRooms: { queries, events },
    config: () => sampleConfig({ apis: [api], applications }),
  });
});
afterEach(() => gateway.close());

function publish(bytes: number, ...more: readonly string[]): RawClient {
  const path = 'POST /hub/1.0.0/webhooks_events_receiver_resource?topic=news';
  return gateway.connect().request(path, `Content-Length: ${bytes}`, ...more);
}

function subscriber(id: string): Subscriber {
  const application = { id, name: id, owner: 'o', tier: 'Unlimited', plan: 'Gold' };
  return { callback: 'http://127.0.0.1:1/', application, user: 'o', keyType: 'PRODUCTION' };
}

async function heard(client: RawClient, text: string): Promise<void> {
  await expect.poll(() => client.received).toContain(text);
}

async function held(bytes: number): Promise<void> {
  await expect.poll(() => events.bytes).toBe(bytes);
}

describe('the bodies of events', () => {
  test('hold their room until they are on their way, and none of what queries have', async () => {
    book.isSlow = true;
    const first = publish(200 * kib).send('x'.repeat(200 * kib));
    await expect.poll(() => book.asked.length).toBe(1);
    expect([events.bytes, queries.bytes]).toEqual([200 * kib, 0]);
    const unread = publish(100 * kib, 'Expect: 100-continue');
    await heard(unread, '908021');
    expect(unread.received).toMatch(/^HTTP\/1\.1 503 /);
    book.asked[0]?.();
    await heard(first, '200 OK');
    await held(0);
    book.isSlow = false;
    await heard(publish(200 * kib).send('x'.repeat(200 * kib)), '200 OK');
    await held(0);
  });

  test('hold nothing once they broke off', async () => {
    const client = publish(200 * kib).send('x');
    await held(200 * kib);
    client.socket.destroy();
    await expect.poll(() => events.bytes).toBe(0);
  });
});

test('who is too far behind takes no room from others', async () => {
  const topic = { api: 'other', topic: '/other' };
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    const many = Array.from({ length: id === 'b' ? 9999 : 10_000 }, () => subscriber(id));
    hub.deliver({ body: Buffer.alloc(1), fields: {} }, topic, many);
  }
  book.subscribed = [subscriber('a'), subscriber('a'), subscriber('b')];
  await heard(publish(1).send('x'), '200 OK');
  await until(() => (counts.get('behind') ?? 0) > 0);
  expect([...counts]).toEqual([['behind', 2]]);
});
