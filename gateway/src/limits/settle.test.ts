import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Claim, GatewayId, Grant } from './claim.ts';
import { counterKey } from './counter-key.ts';
import type { Ledger } from './ledger.ts';
import { settle } from './settle.ts';
import type { FixedWindow } from './limit.ts';

const limit: FixedWindow = { kind: 'fixed-window', quota: 10, windowMs: 1000, starts: 'first-request' };

function claim(more: Partial<Claim>): Claim {
  const key = counterKey('test', limit, ['subject']);
  return { key, limit, gateway: 'a' as GatewayId, seq: 1, held: 0, want: 0, atLeast: 0, ...more };
}

/** Settles claims one after the other; gives the grants and the last ledger. */
function settleAll(steps: readonly { nowMs: number; claim: Claim }[]): { grants: Grant[]; ledger?: Ledger } {
  let ledger: Ledger | undefined;
  const grants = steps.map((step) => {
    const settled = settle({ ledger, claim: step.claim, nowMs: step.nowMs, gateways: 3 });
    ledger = settled.ledger;
    return settled.grant;
  });
  return { grants, ...(ledger !== undefined && { ledger }) };
}

describe('settle', () => {
  test.each([
    { nowMs: 5000, want: 4, granted: 4, used: 4, window: 5000, endsInMs: 1000 },
    { nowMs: 5400, want: 4, granted: 4, used: 8, window: 5000, endsInMs: 600 },
    { nowMs: 5999, want: 4, granted: 2, used: 10, window: 5000, endsInMs: 1 },
    { nowMs: 6000, want: 4, granted: 4, used: 4, window: 6000, endsInMs: 1000 },
  ])('at $nowMs grants $granted of $want', ({ nowMs, ...expected }) => {
    const wants = [5000, 5400, 5999, 6000].filter((time) => time <= nowMs);
    const steps = wants.map((time, index) => ({ nowMs: time, claim: claim({ want: 4, seq: index + 1 }) }));
    const { granted, used, window, endsInMs } = expected;
    expect(settleAll(steps).grants.at(-1)).toMatchObject({ granted, used, window, endsInMs, gateways: 3 });
  });

  test('a window that lies a whole length ahead of a clock set back is over; a nearer one runs on', () => {
    const first = { nowMs: 50_000, claim: claim({ want: 10 }) };
    const near = settleAll([first, { nowMs: 49_001, claim: claim({ want: 1, seq: 2 }) }]);
    expect(near.grants[1]).toMatchObject({ window: 50_000, granted: 0 });
    const far = settleAll([first, { nowMs: 49_000, claim: claim({ want: 1, seq: 2 }) }]);
    expect(far.grants[1]).toMatchObject({ window: 49_000, granted: 1 });
  });

  test('a lost window is adopted from a claim only while it runs, and only when it is newer than the ledger', () => {
    const adopted = settleAll([{ nowMs: 5999, claim: claim({ window: 5000, held: 4 }) }]);
    expect(adopted.ledger).toMatchObject({ window: 5000, used: 4 });
    const over = settleAll([{ nowMs: 6000, claim: claim({ window: 5000, held: 4, want: 1 }) }]);
    expect(over.ledger).toMatchObject({ window: 6000, used: 1 });
    const older = settleAll([
      { nowMs: 5500, claim: claim({ want: 2 }) },
      { nowMs: 5600, claim: claim({ seq: 2, window: 5400, held: 9, want: 1 }) },
    ]);
    expect(older.ledger).toMatchObject({ window: 5500, used: 3 });
  });

  test('whatever gateways say, no more is granted than the quota leaves, and accounts add up to what is used', () => {
    const anyClaim = fc.record({
      gateway: fc.constantFrom('a', 'b', 'c'),
      windowAgo: fc.option(fc.integer({ min: -1500, max: 1500 }), { nil: undefined }),
      held: fc.nat(20),
      want: fc.nat(20),
      atLeast: fc.nat(5),
      waitMs: fc.nat(700),
    });
    fc.assert(
      fc.property(fc.array(anyClaim, { maxLength: 60 }), (claims) => {
        let ledger: Ledger | undefined;
        let nowMs = 10_000;
        for (const [seq, said] of claims.entries()) {
          nowMs += said.waitMs;
          const window = said.windowAgo === undefined ? undefined : nowMs - said.windowAgo;
          const { gateway, held, want, atLeast } = said;
          const asked = claim({
            gateway: gateway as GatewayId,
            seq: seq + 1,
            ...(window !== undefined && { window }),
            held,
            want,
            atLeast,
          });
          const settled = settle({ ledger, claim: asked, nowMs, gateways: 3 });
          ({ ledger } = settled);
          const { granted, used } = settled.grant;
          expect(granted === 0 || used <= limit.quota).toBe(true);
          expect(granted === 0 || granted >= atLeast).toBe(true);
          const accounts = [...(ledger?.accounts.values() ?? [])];
          expect(accounts.reduce((sum, account) => sum + account.held, 0)).toBe(ledger?.used ?? 0);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('parts of a counter key cannot spell the key of another counter', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string(), { minLength: 1 }),
      fc.array(fc.string(), { minLength: 1 }),
      (one, other) => {
        const same = one.length === other.length && one.every((part, index) => part === other[index]);
        expect(counterKey('k', limit, one) === counterKey('k', limit, other)).toBe(same);
      },
    ),
    {
      numRuns: 2000,
      examples: [
        [['a:b'], ['a', 'b']],
        [['a%3Ab'], ['a:b']],
      ],
    },
  );
});
