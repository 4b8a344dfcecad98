import { expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { BackendSender } from './backend-call.ts';
import { Backends } from './backends.ts';

const target = (origin: string): { origin: string; pathPrefix: string; headMsMax: undefined } => ({
  origin,
  pathPrefix: '',
  headMsMax: undefined,
});
const one = 'http://127.0.0.1:1';
const other = 'http://127.0.0.1:2';
const none: ReadonlySet<BackendSender> = new Set();

test('configurations share pools and groups; those that no configuration uses are forgotten', () => {
  const backends = new Backends(new FakeClock());
  const pool = backends.pool(one);
  const group = backends.group([target(one), target(other)], 'round-robin');
  const ofGroup = backends.pool(other);
  expect(backends.pool(one)).toBe(pool);
  backends.forgetOthers(new Set([group]));
  expect(backends.group([target(one), target(other)], 'round-robin')).toBe(group);
  expect([backends.pool(one), backends.pool(other)]).toEqual([pool, ofGroup]);
  backends.forgetOthers(new Set([pool]));
  expect(backends.pool(one)).toBe(pool);
  expect(backends.pool(other)).not.toBe(ofGroup);
  backends.forgetOthers(none);
  expect(backends.pool(one)).not.toBe(pool);
  expect(backends.group([target(one), target(other)], 'round-robin')).not.toBe(group);
  backends.close();
});
