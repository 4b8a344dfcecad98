import { describe, expect, test } from 'vitest';
import { FakeExchange } from '../../test/proxy/fake-exchange.ts';
import { limitOf } from '../../test/proxy/sample.ts';
import { counterKey } from '../limits/counter-key.ts';
import type { Settlement, Verdict } from '../limiter/verdict.ts';
import type { Measure } from '../policy/measure.ts';
import { requestCharge, type Charge } from '../policy/plan.ts';
import { metering, priced } from './metering.ts';

const limit = limitOf(1024);
const requests = requestCharge('application', limit, counterKey('application', limit, ['s']));

function chargeOf(measure: Measure): Charge {
  const key = counterKey(`subscription-${measure}`, limit, ['s']);
  return { ...requestCharge('subscription', limit, key), measure, cost: 0 };
}

function admitted(charges: readonly Charge[]): Verdict {
  const standings = charges.map((charge) => ({ charge, remaining: 9, resetsInMs: 500 }));
  return { admitted: true, standings, certain: true };
}

const unasked = (): never => expect.unreachable();

describe('bytes of request bodies', () => {
  const bytes = chargeOf('request-bytes');

  test('are paid at admission where their number is known', () => {
    expect(priced([requests, bytes], 4096)).toEqual([requests, { ...bytes, cost: 4096 }]);
    const plain = [requests];
    expect(priced(plain, 4096)).toBe(plain);
    const bare = [requests, bytes];
    expect(priced(bare, 0)).toBe(bare);
    expect(priced(bare, 'unknown')).toBe(bare);
  });

  test.each([
    ['that came in chunks', 'unknown', 200, 0, 700],
    ['that were announced', 4096, 200, 4096, 4096],
    ['that came through a WebSocket', 0, 101, 0, 700],
    ['of a request without a body', 0, 200, 0, 0],
  ] as const)('%s are settled at the end, once', (_, bodyBytes, status, paid, cost) => {
    const settled: Settlement[] = [];
    const exchange = new FakeExchange({ bodyBytes });
    const verdict = admitted([requests, { ...bytes, cost: paid }]);
    const metered = metering(verdict, exchange, { admit: unasked, settle: (all) => settled.push(...all) });
    exchange.bytesIn = 700;
    exchange.status = status;
    metered?.settle();
    metered?.settle();
    expect(settled).toEqual([{ paid: verdict.standings[1], cost }]);
  });
});

test('a request that pays by its number alone is not metered', () => {
  const limiter = { admit: unasked, settle: unasked };
  expect(metering(admitted([requests]), new FakeExchange(), limiter)).toBeUndefined();
});
