import { describe, expect, test } from 'vitest';
import { Demand, unitsAhead } from './lease-size.ts';

describe('the size of a lease', () => {
  test('is what the last horizons asked: the fuller one of this and the one before', () => {
    const demand = new Demand(100);
    demand.add(5, 1000);
    demand.add(3, 1099);
    expect(demand.perHorizon(1099)).toBe(8);
    demand.add(2, 1100);
    expect(demand.perHorizon(1100)).toBe(8);
    expect(demand.perHorizon(1200)).toBe(2);
    expect(demand.isIdle(1299)).toBe(false);
    expect(demand.isIdle(1300)).toBe(true);
    expect(demand.perHorizon(1300)).toBe(0);
  });

  test('one request is no rate, until its horizon is over', () => {
    const demand = new Demand(100);
    demand.add(5, 1000);
    expect(demand.perHorizon(1099)).toBe(0);
    expect(demand.isIdle(1099)).toBe(false);
    expect(demand.perHorizon(1100)).toBe(5);
  });

  test('forgets everything after a silent horizon', () => {
    const demand = new Demand(100);
    demand.add(5, 1000);
    expect(demand.perHorizon(1250)).toBe(0);
    demand.add(1, 1251);
    demand.add(1, 1252);
    expect(demand.perHorizon(1252)).toBe(2);
  });

  test.each([
    { perHorizon: 10, left: 1000, gateways: 3, ahead: 10 },
    { perHorizon: 10, left: 59, gateways: 3, ahead: 9 },
    { perHorizon: 10, left: 5, gateways: 3, ahead: 0 },
    { perHorizon: 10, left: -20, gateways: 3, ahead: 0 },
    { perHorizon: 0, left: 1000, gateways: 1, ahead: 0 },
  ])('%o', ({ ahead, ...seen }) => {
    expect(unitsAhead(seen)).toBe(ahead);
  });
});
