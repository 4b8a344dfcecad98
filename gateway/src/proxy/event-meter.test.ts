import { expect, test } from 'vitest';
import { limitOf } from '../../test/proxy/sample.ts';
import { counterKey } from '../limits/counter-key.ts';
import { requestCharge, type Charge } from '../policy/plan.ts';
import { eventMeter } from './event-meter.ts';

const limit = limitOf(10);
const requests = requestCharge('application', limit, counterKey('application', limit, ['s']));
const events: Charge = {
  ...requestCharge('subscription', limit, counterKey('subscription-events', limit, ['s'])),
  measure: 'events',
  cost: 0,
};

test('pays for pieces at the counters of events, and for nothing else', () => {
  const asked: (readonly Charge[])[] = [];
  const meter = eventMeter([requests, events], {
    admit: (charges) => {
      asked.push(charges);
      return { admitted: true, standings: [], certain: true };
    },
  });
  void meter?.pay(1);
  void meter?.pay(5);
  expect(asked).toEqual([[{ ...events, cost: 1 }], [{ ...events, cost: 5, needs: 5 }]]);
});

test('where nothing counts events there is no meter', () => {
  expect(eventMeter([requests], { admit: () => expect.unreachable() })).toBeUndefined();
});
