import { describe, expect, test } from 'vitest';
import { limitOf, sampleApi } from '../../test/proxy/sample.ts';
import type { Api, Operation } from '../policy/catalogue.ts';
import { plan } from '../policy/plan.ts';
import type { RequestFacts } from '../policy/request-facts.ts';
import { Parties } from './parties.ts';

const api = sampleApi();
const [items] = api.operations as readonly [Operation];
const backend = api.backends.PRODUCTION!;
const tier = { name: 'Unauthenticated', quota: limitOf(500) };

function factsOf(subject: string, of: Api = api): RequestFacts {
  const consumer = { kind: 'anonymous', subject, tier } as const;
  return { api: of, operation: items, consumer, keyType: 'PRODUCTION' };
}

describe('the parties of a configuration', () => {
  test('are planned once, and like any request', () => {
    const parties = new Parties<string>();
    const met = parties.meet('a', factsOf('a'), backend);
    expect(parties.find(api, items, 'a')).toBe(met);
    expect(met.charges).toEqual(plan(factsOf('a')));
    expect(parties.find(api, items, 'b')).toBeUndefined();
  });

  test('are apart where two APIs share an operation', () => {
    const parties = new Parties<string>();
    parties.meet('a', factsOf('a'), backend);
    expect(parties.find(sampleApi({ version: '2.0.0' }), items, 'a')).toBeUndefined();
  });

  test('never grow beyond their bound, however many callers there are', () => {
    const parties = new Parties<string>();
    const callers = Array.from({ length: 25_000 }, (_, number) => `caller-${number}`);
    for (const caller of callers) parties.meet(caller, factsOf(caller), backend);
    const kept = callers.filter((caller) => parties.find(api, items, caller) !== undefined);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThanOrEqual(10_000);
  });
});
