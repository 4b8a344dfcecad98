import { counterKey, type CounterKey } from '../../../src/limits/counter-key.ts';
import type { Limit } from '../../../src/limits/limit.ts';
import type { OnStoreFailure } from '../../../src/policy/levels.ts';
import { seededRandom, type Random } from '../../support/random.ts';
import { drawPlan, type MemberFault } from './fault-plan.ts';

/**
 * `link`: two members lose each other, while both are heard by the rest. `storm`: any of the kinds before it, one after the other.
 * `slow`: a storm over links of up to 200 ms.
 * `heir`: an owner dies before its backup has heard what others have, often where a window has just ended. The others are of two failures: `pair`: the owner of a counter and its backup die
 * within moments. `spent`: the same, where another has taken units and asks no more. `minority`: of five members these two are cut off together. `stray`: a member that one other doesn't hear is put
 * out of the view, and the owner dies before it has told its backup what it did since.
 */
export const kinds = [
  'calm',
  'kill',
  'leave',
  'join',
  'freeze',
  'cut',
  'link',
  'storm',
  'slow',
  'heir',
  'pair',
  'spent',
  'minority',
  'stray',
] as const;
export type Kind = (typeof kinds)[number];

/** What a scenario may cost, by docs/high-availability.md. */
type Loss =
  | { readonly kind: 'nothing' }
  /** What these members had taken is known to nobody else, and is forgotten. */
  | { readonly kind: 'dead'; readonly places: readonly number[]; readonly atMs: number }
  /** The same, and they go on for as long as they don't notice. */
  | {
      readonly kind: 'parted';
      readonly places: readonly number[];
      readonly atMs: number;
      readonly untilMs: number;
    };

/** A way that is longer than others, in both directions. */
interface SlowLink {
  readonly between: readonly [number, number];
  readonly delayMs: number;
}

/** One run: who is there, what is asked, what happens. Unless the kind says otherwise, members have two seconds to get over each fault. */
export interface MemberScenario {
  readonly seed: number;
  readonly kind: Kind;
  /** Members from the start; later ones have other places. */
  readonly members: number;
  readonly counters: readonly Limit[];
  readonly durationMs: number;
  /** How long a message takes at most, beyond what a slow link adds. */
  readonly delayMsMax: number;
  readonly slowLinks: readonly SlowLink[];
  readonly everyMs: number;
  readonly perTurn: number;
  /** The first process of this place asks for nothing then. */
  readonly quiet: { readonly place: number; readonly fromMs: number; readonly untilMs: number } | undefined;
  readonly onFailure: OnStoreFailure;
  readonly faults: readonly MemberFault[];
  readonly loss: Loss;
}

export function drawScenario(seed: number, kind: Kind, onFailure: OnStoreFailure): MemberScenario {
  const random = seededRandom(seed);
  const isLong = kind === 'stray' || kind === 'spent';
  const isOfFive = isLong || kind === 'pair' || kind === 'minority';
  const members = isOfFive ? 5 : kind === 'heir' ? 3 : random.pick([2, 3, 3, 3, 5]);
  const everyMs = random.pick([1, 2, 4]);
  const perTurn = kind === 'stray' ? 4 : random.pick([1, 2]);
  const isOne = isLong || (kind === 'calm' && random.chance(0.7));
  const rules = Array.from({ length: isOne ? 1 : random.pick([1, 2, 6]) }, () => drawRule(random, kind));
  const plan = drawPlan(random, { kind, members, key: keyOf(rules[0]!, 0) });
  const durationMs = Math.max(3000, plan.endsMs + 500);
  const perMs = (members * perTurn) / (everyMs + 0.5) / rules.length;
  return {
    seed,
    kind,
    members,
    durationMs,
    ...plan,
    // Over slow links answers come after the claim deadline now and then: shares are taken then, which isn't about members.
    delayMsMax: kind === 'stray' ? 1 : random.pick(onFailure === 'deny' ? [1, 2, 10, 30] : [1, 2, 5]),
    counters: rules.map((rule) => {
      const part = kind === 'stray' ? 0.6 : kind === 'spent' ? 0.4 : random.pick([0.1, 0.4, 0.7]);
      const quota = Math.ceil(part * perMs * Math.min(rule.windowMs, durationMs));
      return withQuota(rule, quota, random.pick([1, quota, 2 * quota]));
    }),
    everyMs,
    perTurn,
    onFailure,
  };
}

/** The key of a counter, whatever its quota. */
export function keyOf(limit: Limit, counter: number): CounterKey {
  return counterKey('sim', limit, [String(counter)]);
}

function withQuota(rule: Limit, quota: number, burst: number): Limit {
  return rule.kind === 'token-bucket' ? { ...rule, quota, burst } : { ...rule, quota };
}

/** What is counted, with no quota yet. */
function drawRule(random: Random, kind: Kind): Limit {
  if (kind === 'stray' || kind === 'spent')
    return { kind: 'fixed-window', quota: 0, windowMs: 60_000, starts: 'aligned' };
  const windowMs = kind === 'heir' ? 1000 : random.pick([1000, 3000, 60_000]);
  const algorithm = random.pick([
    'aligned',
    kind === 'heir' ? 'sliding' : 'aligned',
    'first-request',
    'sliding',
    'bucket',
  ] as const);
  switch (algorithm) {
    case 'aligned':
      return { kind: 'fixed-window', quota: 0, windowMs, starts: 'aligned' };
    case 'first-request':
      return { kind: 'fixed-window', quota: 0, windowMs, starts: 'first-request' };
    case 'sliding':
      return { kind: 'sliding-window', quota: 0, windowMs };
    case 'bucket':
      return { kind: 'token-bucket', quota: 0, windowMs, burst: 0 };
    default:
      return algorithm satisfies never;
  }
}
