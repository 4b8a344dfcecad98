import fc from 'fast-check';
import { parseList } from 'structured-headers';
import { describe, expect, test } from 'vitest';
import { limitOf } from '../../test/proxy/sample.ts';
import { counterKey } from '../limits/counter-key.ts';
import { unitsMax, windowMsMax } from '../limits/limit.ts';
import type { Standing, Verdict } from '../limiter/verdict.ts';
import { levels, type Level } from '../policy/levels.ts';
import { rateLimitFields, RateLimitText } from './rate-limit-fields.ts';
import { requestCharge } from '../policy/plan.ts';

function standing(
  level: Level,
  quota: number,
  left: Partial<Standing> & { windowMs?: number } = {},
): Standing {
  const limit = limitOf(quota, left.windowMs ?? 60_000);
  const charge = requestCharge(level, limit, counterKey(level, limit, ['s']));
  return { charge, remaining: left.remaining ?? quota, resetsInMs: left.resetsInMs ?? limit.windowMs };
}

function admitted(...standings: readonly Standing[]): Verdict {
  return { admitted: true, standings, certain: true };
}

describe('the RateLimit fields', () => {
  test('tell every limit but the backend, in the order of evaluation', () => {
    const verdict = admitted(
      standing('subscription', 5000, { remaining: 4990, resetsInMs: 30_001 }),
      standing('burst', 100, { windowMs: 1000, remaining: 42, resetsInMs: 1 }),
      standing('backend', 50),
    );
    expect(rateLimitFields(verdict)).toEqual([
      'RateLimit-Policy',
      '"subscription";q=5000;w=60, "burst";q=100;w=1',
      'RateLimit',
      '"subscription";r=4990;t=31, "burst";r=42;t=1',
    ]);
  });

  test('name the violated policy first', () => {
    const refused = standing('burst', 100, { windowMs: 1000, remaining: 0, resetsInMs: 300 });
    const standings = [standing('subscription', 5000), refused, standing('application', 50)];
    const verdict: Verdict = { admitted: false, standings, refused, because: 'over-limit', certain: true };
    expect(rateLimitFields(verdict)[3]).toBe(
      '"burst";r=0;t=1, "subscription";r=5000;t=60, "application";r=50;t=60',
    );
  });

  test('tell custom rules by their names, each on its own', () => {
    const rule = (name: string, remaining: number): Standing => {
      const plain = standing('custom', 5, { remaining });
      const key = counterKey('custom', plain.charge.limit, [name]);
      return { ...plain, charge: { ...plain.charge, key, rule: name } };
    };
    const [first, second] = [rule('PerUser', 3), rule('Ünïcode "x"\\', 0)];
    const standings = [first, second];
    const verdict = {
      admitted: false,
      standings,
      refused: second,
      because: 'over-limit',
      certain: true,
    } as const;
    const [, policy = '', , states = ''] = rateLimitFields(verdict);
    expect(policy).toBe('"custom-_n_code _x__";q=5;w=60, "custom-PerUser";q=5;w=60');
    expect(states).toBe('"custom-_n_code _x__";r=0;t=60, "custom-PerUser";r=3;t=60');
    expect(parseList(states)).toHaveLength(2);
  });

  test('are absent where there is nothing to tell', () => {
    expect(rateLimitFields(admitted())).toEqual([]);
    expect(rateLimitFields(admitted(standing('backend', 50)))).toEqual([]);
    const refused = standing('backend', 50);
    const verdict: Verdict = {
      admitted: false,
      standings: [refused],
      refused,
      because: 'over-limit',
      certain: true,
    };
    expect(rateLimitFields(verdict)).toEqual([]);
  });

  test('parse as structured fields, and never promise more than there is', () => {
    const any = fc.record({
      level: fc.constantFrom(...levels.filter((level) => level !== 'backend')),
      quota: fc.integer({ min: 0, max: unitsMax }),
      windowMs: fc.integer({ min: 1, max: windowMsMax }),
      resetsInMs: fc.integer({ min: 0, max: windowMsMax }),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 6 }), (given) => {
        const standings = given.map(({ level, quota, ...rest }) =>
          standing(level, quota, { ...rest, remaining: Math.floor(quota / 2) }),
        );
        const [, policies, , states] = rateLimitFields(admitted(...standings));
        const parsedPolicies = parseList(policies!);
        const parsedStates = parseList(states!);
        for (const [at, { charge, remaining, resetsInMs }] of standings.entries()) {
          const [policy, policyParameters] = parsedPolicies[at]!;
          const [state, stateParameters] = parsedStates[at]!;
          expect([policy, state]).toEqual([charge.level, charge.level]);
          expect(policyParameters.get('q')).toBeLessThanOrEqual(charge.limit.quota);
          expect(Number(policyParameters.get('w')) * 1000).toBeGreaterThanOrEqual(charge.limit.windowMs);
          expect(stateParameters.get('r')).toBeLessThanOrEqual(remaining);
          expect(Number(stateParameters.get('t')) * 1000).toBeGreaterThanOrEqual(resetsInMs);
        }
      }),
    );
  });

  test('say the same of later requests as if they were the first', () => {
    const [quota, burst] = [standing('subscription', 5000), standing('burst', 100, { windowMs: 1000 })];
    const text = new RateLimitText([quota.charge, burst.charge]);
    const stand = fc.record({
      remaining: fc.oneof(fc.nat(11), fc.nat(unitsMax)),
      resetsInMs: fc.oneof(fc.nat(11_000), fc.nat(windowMsMax)),
    });
    fc.assert(
      fc.property(stand, stand, (quotaStands, burstStands) => {
        const standings = [
          { ...quota, ...quotaStands },
          { ...burst, ...burstStands },
        ];
        const [, policy, , states] = rateLimitFields(admitted(...standings));
        expect([text.policy, text.states(standings)]).toEqual([policy, states]);
      }),
    );
  });
});
