import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Hub } from '../../src/websub/hub.ts';
import { MemoryBook } from '../../src/websub/memory-book.ts';
import type { Subscriber } from '../../src/websub/subscriber.ts';
import { FakeClock } from '../support/fake-clock.ts';

let server: Server;
/** Callbacks that are asked, each with what it is to answer. */
let asked: { readonly challenge: string; readonly response: ServerResponse }[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://callback');
    asked.push({ challenge: searchParams.get('hub.challenge') ?? '', response });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => server.close().closeAllConnections());

test('a hub that closes waits for callbacks that are being asked, and asks no others when it has waited long enough', async () => {
  const clock = new FakeClock();
  const said: string[] = [];
  class ToldBook extends MemoryBook {
    override async confirm(...asked: Parameters<MemoryBook['confirm']>): Promise<boolean> {
      said.push('confirmed');
      return super.confirm(...asked);
    }
    override async close(): Promise<void> {
      said.push('closed');
      return super.close();
    }
  }
  const hub = new Hub({
    book: new ToldBook(clock),
    allowed: { callbackHosts: [], callbackNetworks: ['127.0.0.1'] },
    clock,
    recorder: { delivery: () => {}, verified: () => {} },
    reportBug: (error) => said.push(String(error)),
  });
  const address = server.address();
  const port = typeof address === 'object' ? address!.port : 0;
  for (let at = 0; at < 9; at += 1) {
    const callback = `http://127.0.0.1:${port}/${at}`;
    const application = { id: 'a', name: 'a', owner: 'o', tier: 'Unlimited', plan: 'Gold' };
    const subscriber: Subscriber = { callback, application, user: 'o', keyType: 'PRODUCTION' };
    const place = { api: '/hub:1', topic: '/news', application: 'a', callback };
    const request = { mode: 'subscribe', topic: 'news', callback, leaseSeconds: 60 } as const;
    expect(await hub.subscribe(place, request, { subscriber, subscribersMax: 99 })).toBe('accepted');
  }
  await expect.poll(() => asked.length).toBe(8);
  const closed = hub.close(5000);
  const [first] = asked;
  first?.response.end(first.challenge);
  await expect.poll(() => asked.length).toBe(9);
  expect(said).toEqual(['confirmed']);
  await clock.advance(5000);
  await closed;
  expect(said).toEqual(['confirmed', 'closed']);
});
