import { describe, expect, test } from 'vitest';
import { Alone, type AloneAt, type LeaseView } from './alone.ts';
import { nothingTold } from './told.ts';
import type { FixedWindow, Limit, SlidingWindow, TokenBucket } from './limit.ts';

const aligned: FixedWindow = { kind: 'fixed-window', quota: 100, windowMs: 1000, starts: 'aligned' };
const sliding: SlidingWindow = { kind: 'sliding-window', quota: 100, windowMs: 1000 };
const bucket: TokenBucket = { kind: 'token-bucket', quota: 100, windowMs: 1000, burst: 50 };

/** Told at 200 that 40 units are used, of which we hold 5, in a window that ends at 700 on our clock. */
const told: LeaseView = {
  told: { window: 7_000, deadlineMs: 699, overMs: 711, used: 40, atMs: 200 },
  held: 5,
  unspent: 0,
};
const nothing: LeaseView = { told: nothingTold, held: 0, unspent: 0 };

const at = (nowMs: number): AloneAt => ({ nowMs, storeNowMs: nowMs + 7_300 });

function alone(limit: Limit, lease: LeaseView): Alone {
  return new Alone(limit, lease, { gateways: 3, nowMs: 200 });
}

describe('a gateway that goes on alone', () => {
  test('may spend its part of what was left, once', () => {
    const counter = alone(aligned, told);
    expect(counter.left(at(200))).toBe(20);
    counter.spend(15, at(200));
    expect(counter.left(at(201))).toBe(5);
    expect(counter.result(at(201))).toMatchObject({ told: { window: 7_000 }, spent: 15, owed: 0, left: 5 });
  });

  test('may spend no more than an even part with what it holds: others may have been granted more meanwhile', () => {
    expect(alone(aligned, { ...told, held: 20 }).left(at(200))).toBe(13);
    expect(alone(aligned, { ...told, held: 34 }).left(at(200))).toBe(0);
  });

  test('counts what others have taken since it was told, at their pace in the window', () => {
    // 35 units of others in the window's first 501 ms; 35 more in the next, which leaves 60 - 34 for three.
    const later = new Alone(aligned, { ...told, held: 5 }, { gateways: 3, nowMs: 690 });
    expect(later.left(at(690))).toBe(8);
    expect(alone(aligned, told).left(at(690))).toBe(20);
  });

  test('has nothing left when the store had nothing left, nor when more was used than the limit', () => {
    expect(alone(aligned, { ...told, told: { ...told.told, used: 100 } }).left(at(200))).toBe(0);
    expect(alone(aligned, { ...told, told: { ...told.told, used: 130 } }).left(at(200))).toBe(0);
  });

  test('starts windows in step with the last one, each with its part of the whole', () => {
    const counter = alone(aligned, told);
    // The window may be over for us, but not yet for the store.
    expect(counter.left(at(705))).toBe(0);
    expect(counter.isBetweenWindows(705)).toBe(true);
    expect(counter.left(at(712))).toBe(33);
    expect(counter.isBetweenWindows(712)).toBe(false);
    counter.spend(33, at(712));
    expect(counter.result(at(712))).toMatchObject({ told: { window: 8_000 }, spent: 33, left: 0 });
    expect(counter.left(at(1699))).toBe(0);
    expect(counter.left(at(1711))).toBe(33);
    expect(counter.result(at(1711))).toMatchObject({ told: { window: 9_000 }, spent: 0, left: 33 });
  });

  test('knowing nothing, starts a window of its own', () => {
    const counter = alone({ ...aligned, starts: 'first-request' }, nothing);
    expect(counter.left(at(712))).toBe(33);
    counter.spend(7, at(712));
    expect(counter.result(at(712))).toMatchObject({ told: { window: 8_012 }, spent: 7 });
  });

  test('owes what a level let pass between two windows', () => {
    const counter = alone(aligned, told);
    counter.spend(4, at(705));
    expect(counter.result(at(705))).toMatchObject({ spent: 0, owed: 4, left: 0 });
  });

  test('in sliding windows, the one before fades out', () => {
    const counter = alone(sliding, told);
    expect(counter.left(at(200))).toBe(20);
    // 40 were used: 14 of them are ours to leave out at first, 0 at the end.
    expect(counter.left(at(712))).toBe(33 - 14);
    expect(counter.left(at(1200))).toBe(33 - 7);
    expect(counter.left(at(1690))).toBe(33 - 1);
  });

  test('has a bucket of its own, refilled at its part of the rate', () => {
    const counter = alone(bucket, {
      ...told,
      told: { ...told.told, deadlineMs: 299, overMs: 311, window: 7_500, used: 20 },
    });
    expect(counter.left(at(200))).toBe(10);
    counter.spend(10, at(200));
    expect(counter.left(at(229))).toBe(0);
    expect(counter.left(at(290))).toBe(3);
    // Between the ends of a period for us and for the store nothing is spent; then the same bucket goes on.
    expect(counter.left(at(305))).toBe(0);
    expect(counter.left(at(800))).toBe(16);
    expect(counter.result(at(800)).spent).toBe(0);
  });

  test('states what its bucket still misses, whatever period it was spent in', () => {
    const counter = alone(bucket, nothing);
    expect(counter.left(at(200))).toBe(16);
    counter.spend(16, at(200));
    expect(counter.left(at(350))).toBe(5);
    expect(counter.result(at(350)).spent).toBe(11);
  });
});
