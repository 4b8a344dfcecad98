import { describe, expect, test } from 'vitest';
import { limitOf, sampleApi } from '../../test/proxy/sample.ts';
import type { Api, Operation } from '../policy/catalogue.ts';
import { requestQuota } from '../policy/measure.ts';
import { plan } from '../policy/plan.ts';
import type { RequestFacts } from '../policy/request-facts.ts';
import { Parties } from './parties.ts';
import { checkedPattern } from '../config/pattern.ts';
import { Conditions } from '../policy/conditions.ts';
import { DenyRules } from '../policy/deny.ts';
import { nothingSeen } from './request-details.ts';

const api = sampleApi();
const [items] = api.operations as readonly [Operation];
const backend = api.backends.PRODUCTION!;
const terms = { conditions: new Map(), rules: [], deny: new DenyRules([]) };
const tier = { name: 'Unauthenticated', quota: limitOf(500) };

function factsOf(subject: string, of: Api = api): RequestFacts {
  const consumer = { kind: 'anonymous', subject, tier } as const;
  return { api: of, operation: items, consumer, keyType: 'PRODUCTION' };
}

describe('the parties of a configuration', () => {
  test('are planned once, and like any request', () => {
    const parties = new Parties<string>(terms);
    const met = parties.meet('a', factsOf('a'), backend);
    expect(parties.find(api, items, 'a')).toBe(met);
    expect(met.dues(nothingSeen).charges).toEqual(plan(factsOf('a')));
    expect(parties.find(api, items, 'b')).toBeUndefined();
  });

  test('owe by what each request is, where a policy has conditions, and are planned once for each group', () => {
    const condition = { kind: 'field', inverted: false, name: 'x-plan', pattern: 'gold' } as const;
    const policy = {
      name: 'P',
      limits: [requestQuota(limitOf(9))],
      groups: [{ conditions: [condition], limits: [requestQuota(limitOf(5))] }],
    };
    const conditions = new Map([[policy, new Conditions([[condition]], checkedPattern)]]);
    const parties = new Parties<string>({ ...terms, conditions });
    const facts = { ...factsOf('a'), api: { ...api, policy } };
    const met = parties.meet('a', facts, backend);
    const dues = (plan: string) => met.dues({ ...nothingSeen, fieldValues: () => [plan] });
    expect(met.looks).toBe(true);
    expect(dues('gold').charges).toEqual(plan(facts, 0));
    expect(dues('tin').charges).toEqual(plan(facts, 1));
    expect(dues('tin')).toBe(dues('lead'));
    expect(dues('gold').rateLimit.policy).toContain('"api";q=5;');
    expect(parties.meet('b', factsOf('b'), backend).looks).toBe(false);
  });

  test('are apart where two APIs share an operation', () => {
    const parties = new Parties<string>(terms);
    parties.meet('a', factsOf('a'), backend);
    expect(parties.find(sampleApi({ version: '2.0.0' }), items, 'a')).toBeUndefined();
  });

  test('never grow beyond their bound, however many callers there are', () => {
    const parties = new Parties<string>(terms);
    const callers = Array.from({ length: 25_000 }, (_, number) => `caller-${number}`);
    for (const caller of callers) parties.meet(caller, factsOf(caller), backend);
    const kept = callers.filter((caller) => parties.find(api, items, caller) !== undefined);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThanOrEqual(10_000);
  });
});
