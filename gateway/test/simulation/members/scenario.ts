import type { Limit } from '../../../src/limits/limit.ts';
import type { OnStoreFailure } from '../../../src/policy/levels.ts';
import { seededRandom, type Random } from '../../support/random.ts';

/** Something that happens to a cluster whose members keep the counters. Members are named by their places. */
export type MemberFault =
  | { readonly kind: 'kill'; readonly atMs: number; readonly place: number; readonly silently: boolean }
  | { readonly kind: 'leave' | 'join'; readonly atMs: number; readonly place: number }
  | { readonly kind: 'freeze'; readonly atMs: number; readonly place: number; readonly forMs: number }
  | {
      readonly kind: 'cut';
      readonly atMs: number;
      readonly place: number;
      readonly forMs: number;
      /** Nothing comes from this member any more, though all still reaches it. */
      readonly oneWay: boolean;
    };

export const kinds = ['calm', 'kill', 'leave', 'join', 'freeze', 'cut', 'storm'] as const;
export type Kind = (typeof kinds)[number];

/** One run: who is there, what is asked, what happens. One member at a time is in trouble, and has two seconds to get over it. */
export interface MemberScenario {
  readonly seed: number;
  readonly kind: Kind;
  /** Members from the start; later ones have other places. */
  readonly members: number;
  readonly limits: readonly Limit[];
  readonly durationMs: number;
  /** How long a message takes at most. */
  readonly delayMsMax: number;
  readonly everyMs: number;
  readonly perTurn: number;
  readonly onFailure: OnStoreFailure;
  readonly faults: readonly MemberFault[];
}

const faultsEach = 3;

export function drawScenario(seed: number, kind: Kind, onFailure: OnStoreFailure): MemberScenario {
  const random = seededRandom(seed);
  const members = random.pick([2, 3, 3, 3, 5]);
  const everyMs = random.pick([1, 2, 4]);
  const perTurn = random.pick([1, 2]);
  const faults: MemberFault[] = [];
  let atMs = 800 + random.below(500);
  const times = kind === 'calm' ? 0 : faultsEach;
  for (let fault = 0; fault < times; fault += 1) {
    const what = kind === 'storm' ? random.pick(kinds.slice(1, -1)) : kind;
    faults.push(
      ...drawFault(random, what, { atMs, place: random.below(members), newPlace: members + fault }),
    );
    atMs += 2000 + random.below(700);
  }
  const durationMs = Math.max(3000, atMs + 500);
  const counters = random.pick([1, 2, 6]);
  const windowMs = random.pick([1000, 3000, 60_000]);
  const perMs = (members * perTurn) / (everyMs + 0.5) / counters;
  const asked = perMs * Math.min(windowMs, durationMs);
  const quota = Math.ceil(asked * random.pick([0.1, 0.4, 0.7]));
  const limit: Limit = { kind: 'fixed-window', quota, windowMs, starts: 'aligned' };
  return {
    seed,
    kind,
    members,
    durationMs,
    faults,
    // Over slow links answers come after the claim deadline now and then: shares are taken then, which isn't about members.
    delayMsMax: random.pick(onFailure === 'deny' ? [1, 2, 10, 30] : [1, 2, 5]),
    limits: Array.from({ length: counters }, () => limit),
    everyMs,
    perTurn,
    onFailure,
  };
}

function drawFault(
  random: Random,
  kind: Kind,
  where: { readonly atMs: number; readonly place: number; readonly newPlace: number },
): readonly MemberFault[] {
  const { atMs, place, newPlace } = where;
  const backAtMs = atMs + random.pick([100, 900]);
  const forMs = random.pick([30, 150, 400, 700, 1200]);
  const isBack: MemberFault = { kind: 'join', atMs: backAtMs, place };
  switch (kind) {
    case 'kill':
      return [{ kind, atMs, place, silently: random.chance(0.3) }, isBack];
    case 'leave':
      return [{ kind, atMs, place }, isBack];
    case 'join':
      return [{ kind, atMs, place: newPlace }];
    case 'freeze':
      return [{ kind, atMs, place, forMs }];
    case 'cut':
      return [{ kind, atMs, place, forMs, oneWay: random.chance(0.3) }];
    case 'calm':
    case 'storm':
      throw new Error(`${kind} is no single fault`);
    default:
      return kind satisfies never;
  }
}
