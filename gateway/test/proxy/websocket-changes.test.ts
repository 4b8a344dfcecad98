import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Verdict } from '../../src/limiter/verdict.ts';
import type { Charge } from '../../src/policy/plan.ts';
import { issuerOf, KeyServer } from '../support/signer.ts';
import { until } from '../support/until.ts';
import {
  begin,
  close,
  configOf,
  decide,
  decideBy,
  gateway,
  keys,
  open,
  paid,
  server,
  signer,
  start,
  type Change,
} from './changing-gateway.ts';

const notice = (code: number, reason: string): string => `Error code: ${code} reason: ${reason}`;
const throttled = notice(4003, 'Websocket frame throttled out');
const byToken = (): Record<string, string> => ({ Authorization: `Bearer ${signer.token()}` });

beforeEach(begin);
afterEach(close);

describe('a WebSocket that is open when the configuration changes', () => {
  test('pays by the new limit from its next message on, both ways', async () => {
    await start();
    const { say, heard } = await open();
    await say('before');
    gateway.goBy(configOf({ events: 9 }));
    await say('after');
    gateway.goBy(configOf({ events: undefined }));
    await say('free');
    expect([heard, paid]).toEqual([
      ['before', 'after', 'free'],
      [5, 5, 9, 9],
    ]);
  });

  test.each([
    ['its API has gone', { more: { apis: [] } }, /^Error code: 4007 reason: Context Not Found$/],
    [
      'its API opens none any more',
      { api: { webSocket: false } },
      /^Error code: 4007 reason: Context Not Found$/,
    ],
    ['its application has gone', { more: { applications: [] } }, /^Error code: 4001 reason: Invalid Cred/],
    [
      'its subscription is blocked',
      { state: 'blocked' as const },
      /^Error code: 4002 reason: The requested API is/,
    ],
    ['its API is blocked', { api: { blocked: true } }, /^Error code: 4002 reason: API blocked : /],
    [
      'the operator denies its API',
      { more: { denyPolicies: [{ kind: 'api' as const, context: '/orders/1.0.0' }] } },
      /^Error code: 4002 reason: Message blocked : /,
    ],
  ])('is told and closed when %s', async (_, change: Change, said) => {
    await start();
    const { client, heard, ends, say } = await open();
    await say('before');
    let [reached, code] = [0, 0];
    for (const socket of server.clients) {
      socket.on('message', () => (reached += 1));
      socket.on('close', (with_) => (code = with_));
    }
    gateway.goBy(configOf({ events: 5, ...change }));
    client.send('after');
    client.send('and again');
    await until(() => ends.length === 1 && code > 0 && gateway.records.length === 1);
    expect(heard).toEqual(['before', expect.stringMatching(said)]);
    const expected = Number(/\d+/.exec(heard[1]!)?.[0]);
    expect([ends, code, reached]).toEqual([[expected], expected, 0]);
    expect(gateway.records[0]?.code).toBeDefined();
  });

  test('is closed at a message of its backend as well, between frames', async () => {
    await start();
    const { heard, ends, say } = await open();
    await say('before');
    gateway.goBy(configOf({ more: { apis: [] } }));
    for (const socket of server.clients) socket.send('news');
    await until(() => ends.length === 1);
    expect([heard, ends]).toEqual([['before', notice(4007, 'Context Not Found')], [4007]]);
  });

  test('hears only the code when a message of its backend is under way', async () => {
    await start();
    const { client, heard, ends, say } = await open();
    await say('before');
    for (const socket of server.clients) socket.send('beg', { fin: false });
    await until(() => paid.length === 3);
    gateway.goBy(configOf({ more: { apis: [] } }));
    client.send('after');
    await until(() => ends.length === 1);
    expect([heard, ends]).toEqual([['before'], [4007]]);
  });

  test('goes on with a token that other issuers have to prove, in order', async () => {
    await start();
    const { client, heard, say } = await open(byToken());
    await say('before');
    const issuers = [issuerOf({ jwksUrl: keys.url }), issuerOf({ name: 'other', jwksUrl: keys.url })];
    gateway.goBy(configOf({ events: 7, issuers }));
    for (const text of ['1', '2', '3']) client.send(text);
    await until(() => heard.length === 4);
    expect(heard).toEqual(['before', '1', '2', '3']);
    expect(new Set(paid.slice(2))).toEqual(new Set([7]));
  });

  test('is judged once while its token is verified, whoever sends meanwhile', async () => {
    await start();
    const { client, heard, say } = await open(byToken());
    await say('before');
    const held = Promise.withResolvers<undefined>();
    const slow = await KeyServer.start(signer);
    onTestFinished(() => slow.close());
    const { answer } = slow;
    slow.answer = async () => {
      await held.promise;
      return answer();
    };
    const serving = gateway.goBy(configOf({ events: 7, issuers: [issuerOf({ jwksUrl: slow.url })] }));
    const { routes } = serving;
    let judgements = 0;
    Object.defineProperty(serving, 'routes', {
      get: () => {
        judgements += 1;
        return routes;
      },
    });
    for (const socket of server.clients) socket.send('news');
    await until(() => judgements === 1);
    const { looks } = gateway;
    client.send('after');
    await until(() => gateway.looks > looks);
    expect([heard, slow.fetches]).toEqual([['before'], 1]);
    held.resolve(undefined);
    await until(() => heard.length === 3);
    expect([heard, judgements]).toEqual([['before', 'news', 'after'], 1]);
  });

  test('ends with 4000 when nobody can tell whether its token is good', async () => {
    await start();
    const { heard, ends, say } = await open(byToken());
    await say('before');
    gateway.goBy(configOf({ events: 5, issuers: [issuerOf({ jwksUrl: 'http://127.0.0.1:1/keys' })] }));
    await say('after');
    await until(() => ends.length === 1);
    expect([heard[1], ends]).toEqual([notice(4000, 'Unclassified Authentication Failure'), [4000]]);
  });

  test('ends with its token, without any change', async () => {
    await start();
    const exp = Math.floor(Date.now() / 1000) - 4;
    const { client, heard, ends } = await open({ Authorization: `Bearer ${signer.token({ exp })}` });
    await until(() => {
      client.send('x');
      return ends.length === 1;
    }, 10_000);
    expect([heard[0], heard.at(-1), ends]).toEqual([
      'x',
      expect.stringMatching(/^Error code: 4001 /),
      [4001],
    ]);
  });
});

describe('a message nobody can decide about', () => {
  test('is dropped with 4004 where the store is away and its limit refuses then; the connection stays', async () => {
    await start();
    const { say, heard } = await open();
    const admits = decide;
    const refused = (charge: Charge, because: 'over-limit' | 'store-unavailable'): Verdict => {
      const standing = { charge, remaining: 0, resetsInMs: 1000 };
      return { admitted: false, certain: false, standings: [standing], refused: standing, because };
    };
    decideBy((charge) => refused(charge, 'store-unavailable'));
    await say('dropped');
    decideBy((charge) => refused(charge, 'over-limit'));
    await say('dropped');
    decideBy(admits);
    await say('passes');
    expect(heard).toEqual([
      expect.stringMatching(/^Error code: 4004 reason: Rate limit unavailable : /),
      throttled,
      'passes',
    ]);
  });

  test.each([
    [
      'thrown',
      () => {
        throw new Error('bug');
      },
    ],
    ['rejected', () => Promise.reject(new Error('bug'))],
  ])('ends the connection with 4004 after a bug: %s', async (_, bug) => {
    await start();
    const { client, heard, ends } = await open();
    decideBy(bug as unknown as typeof decide);
    client.send('x');
    await until(() => ends.length === 1);
    expect([heard, ends]).toEqual([[notice(4004, 'Internal server error')], [4004]]);
    expect(gateway.bugs.splice(0)).toHaveLength(1);
  });
});

describe('a WebSocket whose messages are not read', () => {
  test('goes on over a change that leaves it as it is', async () => {
    await start({});
    const { say, heard } = await open();
    await say('before');
    gateway.goBy(configOf({}));
    await say('after');
    expect(heard).toEqual(['before', 'after']);
  });

  test.each([
    ['its API has gone', { more: { apis: [] } }, '404'],
    ['its messages are to be counted', { events: 5 }, '900899'],
  ])('is broken off when %s, and the log says so', async (_, change: Change, code) => {
    await start({});
    const { client, heard, ends, say } = await open();
    await say('before');
    gateway.goBy(configOf(change));
    client.send('after');
    await until(() => ends.length === 1 && gateway.records.length === 1);
    expect([heard, ends]).toEqual([['before'], [1006]]);
    expect(gateway.records[0]?.code).toBe(code);
  });
});
