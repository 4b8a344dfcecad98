import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisMissing } from '../support/redis-server.ts';
import { application } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import {
  answerOf,
  ask,
  askAt,
  callback,
  callbacks,
  forbidden,
  gateway,
  gateways,
  home,
  hub,
  publish,
  publishUntil,
  redis,
  settled,
  signed,
  start,
  stop,
  sum,
  topics,
} from './websub-hub.ts';

/** WSO2's oracles for WebSub APIs, and that caps and quotas hold exactly over two gateways on one Redis. */
describe.skipIf(redisMissing)('WebSub over two gateways', () => {
  beforeAll(start);
  afterAll(stop);

  test.each([
    ['in the query', 'Caps', 'caps', false],
    ['in a form', 'Forms', 'forms', true],
  ])(
    'of ten that subscribe at once as many get in as the plan has, parameters %s',
    async (_, app, topic, isForm) => {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (__, at) => ask(app, topic, callback(`/yes/${topic}/${at}`), isForm)),
      );
      expect(answers.filter((answer) => answer === '202')).toHaveLength(3);
      expect(answers.filter((answer) => answer === '429 900808')).toHaveLength(7);
    },
  );

  test('who is subscribed already takes no other slot, and who unsubscribes leaves one', async () => {
    await until(() => callbacks.asked.filter(({ path }) => path.startsWith('/yes/caps')).length === 3);
    const first = callbacks.asked.find(({ path }) => path.startsWith('/yes/caps'));
    const again = callback(first!.path);
    await settled(async () => expect(await ask('Caps', 'caps', again)).toBe('202'));
    expect(await ask('Caps', 'caps', callback('/yes/caps/late'))).toBe('429 900808');
    await settled(async () =>
      expect(await ask('Caps', 'caps', { ...again, 'hub.mode': 'unsubscribe' })).toBe('202'),
    );
    await until(async () => (await ask('Caps', 'caps', callback('/yes/caps/late'))) === '202');
  });

  test('a plan for no subscriptions takes none', async () => {
    expect(await ask('Nobody', 'caps', callback('/yes/nobody'))).toBe('429 900808');
  });

  test('a slot is free again when its lease has ended, and when the callback doesn’t agree', async () => {
    const short = { 'hub.lease_seconds': '1' };
    await settled(async () => {
      for (const at of [1, 2, 3])
        await ask('Leases', 'leases', { ...callback(`/yes/leases/${at}`), ...short });
    });
    // The leases end, and the slot that this takes is free again at once.
    await settled(() => until(async () => (await ask('Leases', 'leases', callback('/no/leases'))) === '202'));
    expect(callbacks.asked.some(({ path }) => path === '/no/leases')).toBe(true);
    await settled(async () => {
      await until(async () => (await ask('Leases', 'leases', callback('/yes/leases/4'))) === '202');
      await until(async () => (await ask('Leases', 'leases', callback('/yes/leases/5'))) === '202');
      await until(async () => (await ask('Leases', 'leases', callback('/yes/leases/6'))) === '202');
    });
    expect(await ask('Leases', 'leases', callback('/yes/leases/7'))).toBe('429 900808');
  });

  test('a refusal for want of a slot costs no request', async () => {
    const [url] = gateways.urls;
    const ask = (at: number): Promise<string> => askAt(url!, 'Paid', 'paid', callback(`/yes/paid/${at}`));
    await settled(async () => {
      for (const at of [1, 2, 3]) expect(await ask(at)).toBe('202');
    });
    for (let at = 4; at < 9; at += 1) expect(await ask(at)).toBe('429 900808');
    expect(await ask(1)).toBe('202');
    expect(await ask(1)).toBe('429 900803');
  });

  test('an event reaches each subscriber once, from either gateway, signed for who asked for that', async () => {
    await settled(async () => {
      for (const at of [1, 2]) {
        await ask('Free', 'fan-out', { ...callback(`/yes/fan-out/free/${at}`), 'hub.secret': 'own' });
        await ask('Other', '/fan-out', callback(`/yes/fan-out/other/${at}`));
      }
    });
    await ask('Free', 'fan-out', callback('/no/fan-out'));
    for (const body of ['first', 'second']) expect(await publish('fan-out', body)).toBe('200');
    await until(() => callbacks.count('/yes/fan-out') === 8);
    for (const at of [1, 2]) {
      for (const app of ['free', 'other'])
        for (const body of ['first', 'second'])
          expect(callbacks.count(`/yes/fan-out/${app}/${at}`, body)).toBe(1);
    }
    const { headers } = callbacks.events.find(
      ({ path, body }) => path.includes('fan-out/free') && body === 'first',
    )!;
    expect(headers['x-hub-signature']).toBe(signed('first', 'own'));
    expect(headers['content-type']).toBe('text/plain');
    const other = callbacks.events.find(({ path }) => path.includes('fan-out/other'));
    expect(other?.headers['x-hub-signature']).toBeUndefined();
    expect(callbacks.count('/no/')).toBe(0);
  });

  test('a callback that is gone gets no more', async () => {
    await settled(() => ask('Free', 'gone', callback('/yes/gone')));
    callbacks.statusOf.set('/yes/gone', 410);
    await publish('gone', 'one');
    await until(() => callbacks.count('/yes/gone') === 1);
    await settled(() => ask('Other', 'gone', callback('/yes/stays')));
    await until(async () => (await sum('sluice_websub_deliveries_total{outcome="gone"}')) === 1);
    await publish('gone', 'two');
    await until(() => callbacks.count('/yes/stays', 'two') === 1);
    expect(callbacks.count('/yes/gone')).toBe(1);
  });

  test.each([
    ['subscription', 'Five', 'quota', 5],
    ['application', 'Seven', 'user', 7],
  ])('the %s’s quota of events holds exactly; others go on', async (_, app, topic, quota) => {
    await settled(async () => {
      await ask(app, topic, callback(`/yes/${topic}/counted`));
      await ask('Free', topic, callback(`/yes/${topic}/free`));
    });
    const dropped = 'sluice_websub_deliveries_total{outcome="over-quota"}';
    const before = await sum(dropped);
    const answers = await Promise.all(Array.from({ length: 12 }, (__, at) => publish(topic, `event ${at}`)));
    expect(new Set(answers)).toEqual(new Set(['200']));
    const events = 12 + (await publishUntil(topic, `/yes/${topic}/counted`, quota));
    await until(() => callbacks.count(`/yes/${topic}/free`) === events);
    expect(callbacks.count(`/yes/${topic}/counted`)).toBe(quota);
    expect((await sum(dropped)) - before).toBe(events - quota);
  });

  test('AsyncWHBronze: 100 subscriptions, and 1000 events in a month', async () => {
    const subscribe = (at: number): Promise<string> => ask('Bronze', 'bronze', callback(`/yes/bronze/${at}`));
    await settled(async () => {
      const answers = await Promise.all(Array.from({ length: 104 }, (_, at) => subscribe(at)));
      expect(answers.filter((answer) => answer === '202')).toHaveLength(100);
      expect(answers.filter((answer) => answer === '429 900808')).toHaveLength(4);
    });
    for (let at = 0; at < 11; at += 1) expect(await publish('bronze', `event ${at}`)).toBe('200');
    await publishUntil('bronze', '/yes/bronze', 1000);
    const dropped = 'sluice_websub_deliveries_total{outcome="over-quota"}';
    const before = await sum(dropped);
    expect(await publish('bronze', 'one too many')).toBe('200');
    expect((await sum(dropped)) - before).toBe(100);
    expect(callbacks.count('/yes/bronze')).toBe(1000);
  });

  test('an address that isn’t allowed is never connected to, by its number or by a name', async () => {
    const byNumber = { 'hub.callback': forbidden.url('/yes') };
    expect(await ask('Free', 'intent', byNumber)).toBe('400 908017');
    const byName = { 'hub.callback': forbidden.url('/yes', 'localhost') };
    await settled(async () => expect(await ask('Free', 'intent', byName)).toBe('202'));
    expect(forbidden.connections).toBe(0);
  });

  test('an event without the API’s signature, or with another, is refused, and reaches nobody', async () => {
    await settled(() => ask('Free', 'intent', callback('/yes/intent')));
    expect(await publish('intent', 'a', {})).toBe('401 908019');
    expect(await publish('intent', 'b', { 'X-Hub-Signature': signed('b', 'guessed') })).toBe('401 908019');
    expect(await publish('intent', 'c', { 'X-Hub-Signature': signed('d') })).toBe('401 908019');
    expect(await publish('intent', 'e')).toBe('200');
    await until(() => callbacks.count('/yes/intent') > 0);
    expect(callbacks.events.filter(({ path }) => path === '/yes/intent').map(({ body }) => body)).toEqual([
      'e',
    ]);
  });

  test.each([
    ['an unknown topic', { 'hub.topic': 'unknown', 'hub.callback': 'http://127.0.0.2/' }, '404 908018'],
    ['no callback', {}, '400 908016'],
    ['another mode', { 'hub.mode': 'publish', 'hub.callback': 'http://127.0.0.2/' }, '400 908016'],
    ['a scheme that isn’t HTTP', { 'hub.callback': 'file:///etc/passwd' }, '400 908016'],
  ])('%s is refused', async (_, parameters, answer) => {
    expect(await ask('Free', 'intent', parameters as Record<string, string>)).toBe(answer);
  });

  test('nobody subscribes without a key, or publishes to a topic that isn’t there', async () => {
    const response = await fetch(`${gateway()}/hub/1.0.0?hub.mode=subscribe`, { method: 'POST' });
    expect(await answerOf(response)).toBe('401 900902');
    expect(await publish('unknown', 'x')).toBe('404 908018');
  });

  test('after a reload events go to those who are subscribed by the new files, and to topics that are left', async () => {
    await settled(async () => {
      for (const app of ['Free', 'Other']) {
        await ask(app, 'reloaded', callback(`/yes/reloaded/${app}`));
        await ask(app, 'removed', callback(`/yes/removed/${app}`));
      }
    });
    home.write('apis/Hub/api.yaml', hub(topics.filter((topic) => topic !== 'removed')));
    home.write(
      'applications/Other.yaml',
      application('Other', { Hub: 'AsyncWHUnlimited' }, 'Unlimited', { Hub: 'BLOCKED' }),
    );
    for (const url of gateways.adminUrls)
      expect((await fetch(`${url}/reload`, { method: 'POST' })).status).toBe(200);
    for (const _ of gateways.urls) {
      expect(await publish('removed', 'x')).toBe('404 908018');
      expect(await publish('reloaded', 'x')).toBe('200');
    }
    await until(() => callbacks.count('/yes/reloaded/Free') === 2);
    expect(callbacks.count('/yes/reloaded/Other') + callbacks.count('/yes/removed')).toBe(0);
  });

  test('without the store nobody subscribes, and events are for later', async () => {
    await redis.stop();
    expect(await ask('Free', 'intent', callback('/yes/outage'))).toBe('503 900899');
    expect(await publish('intent', 'x')).toBe('503 900899');
  });
});
