import { describe, expect, test } from 'vitest';
import { environment, homeOf } from '../../test/config/homes.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { apiProject, application, policyFile } from '../../test/support/test-home.ts';
import { Backends } from '../backends/backends.ts';
import { readConfig } from '../config/read-config.ts';
import { TokenShelf } from '../identity/token-shelf.ts';
import type { Verdict } from '../limiter/verdict.ts';
import type { Charge } from '../policy/plan.ts';
import type { Subscriber } from '../websub/subscriber.ts';
import { recipientOf, recipientsOf } from './recipients.ts';
import { compileServing, type Serving } from './serving.ts';

const events = (count: number): string =>
  `{type: EVENTCOUNTLIMIT, eventCount: {timeUnit: hour, unitTime: 1, eventCount: ${count}}}`;

function served(more: Readonly<Record<string, string>> = {}) {
  const { config } = readConfig(
    homeOf({
      'deployment.toml': '',
      'apis/Hub.yaml': apiProject({
        name: 'Hub',
        production: 1,
        policies: ['Plan'],
        more: ['type: WEBSUB'],
        operations: '[{target: news, verb: SUBSCRIBE}]',
      }),
      'policies/Plan.yaml': policyFile('subscription', 'Plan', events(5)),
      'policies/App.yaml': policyFile('application', 'App', events(7)),
      'applications/One.yaml': application('One', { Hub: 'Plan' }, 'App'),
      ...more,
    }),
    environment,
  );
  const clock = new FakeClock();
  const serving = compileServing(config!, new Backends(clock), new TokenShelf(clock));
  const [api] = config!.apis;
  return { serving, topic: { api: api!, operation: api!.operations[0]! } };
}

function subscriber(more: Partial<Subscriber['application']> = {}): Subscriber {
  const facts = { id: 'tester/One', name: 'One', owner: 'tester', tier: 'App', plan: 'Plan', ...more };
  return { callback: 'https://example.com/', application: facts, user: 'tester', keyType: 'PRODUCTION' };
}

function planOf(one: Subscriber, { serving, topic }: ReturnType<typeof served>): string | undefined {
  return recipientOf(one, topic, serving)?.consumer.tier.name;
}

describe('who gets an event', () => {
  test('is who is subscribed by the files in force, under the plan they give', () => {
    expect(planOf(subscriber(), served())).toBe('Plan');
    const free = application('One', { Hub: 'AsyncWHUnlimited' }, 'App');
    expect(planOf(subscriber(), served({ 'applications/One.yaml': free }))).toBe('AsyncWHUnlimited');
  });

  test.each([
    ['gone', application('Other', { Hub: 'Plan' })],
    ['without a subscription', application('One', {})],
    ['blocked', application('One', { Hub: 'Plan' }, 'App', { Hub: 'BLOCKED' })],
  ])('isn’t an application that is %s', (_, text) => {
    expect(planOf(subscriber(), served({ 'applications/One.yaml': text }))).toBeUndefined();
  });

  test('isn’t whom the operator denies', () => {
    const denied = '{conditionType: APPLICATION, conditionValue: "tester:One", conditionStatus: true}';
    expect(planOf(subscriber(), served({ 'deny-policies/one.yaml': denied }))).toBeUndefined();
  });

  test('may be an application that only tokens know, as long as its plan is defined', () => {
    const claimed = { id: '<Issuer>app/9', name: 'Nine', owner: 'nobody' };
    expect(planOf(subscriber(claimed), served())).toBe('Plan');
    expect(planOf(subscriber({ ...claimed, tier: 'Unlimited' }), served())).toBe('Plan');
    expect(planOf(subscriber({ ...claimed, plan: 'Unknown' }), served())).toBeUndefined();
    expect(planOf(subscriber({ ...claimed, tier: 'Unknown' }), served())).toBeUndefined();
    expect(planOf(subscriber({ id: 'nobody/Nine' }), served())).toBeUndefined();
  });

  test('pays events of its subscription and of its application, all of its callbacks together', async () => {
    const asked: (readonly Charge[])[] = [];
    const admission = {
      admit(charges: readonly Charge[]): Verdict {
        asked.push(charges);
        return { admitted: true, standings: [], certain: true };
      },
    };
    const { serving, topic }: { serving: Serving; topic: ReturnType<typeof served>['topic'] } = served();
    const two = [subscriber(), { ...subscriber(), callback: 'https://example.com/2' }];
    const recipients = recipientsOf([...two, subscriber({ id: 'gone' })], topic, { serving, admission });
    expect(recipients.map(({ subscribers }) => subscribers)).toEqual([two]);
    await recipients[0]!.meter!.payForMost(2);
    expect(asked[0]!.map(({ level, measure, cost }) => [level, measure, cost])).toEqual([
      ['subscription', 'events', 2],
      ['application', 'events', 2],
    ]);
  });
});
