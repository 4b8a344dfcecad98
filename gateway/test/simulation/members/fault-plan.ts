import type { GatewayId } from '../../../src/limits/claim.ts';
import type { CounterKey } from '../../../src/limits/counter-key.ts';
import { Owners } from '../../../src/stores/members/owners.ts';
import type { Random } from '../../support/random.ts';
import type { Kind, MemberScenario } from './scenario.ts';

/** Something that happens to a cluster whose members keep the counters. Members are named by their places. */
export type MemberFault =
  | { readonly kind: 'kill'; readonly atMs: number; readonly place: number; readonly silently: boolean }
  | { readonly kind: 'leave' | 'join'; readonly atMs: number; readonly place: number }
  | { readonly kind: 'freeze'; readonly atMs: number; readonly place: number; readonly forMs: number }
  | {
      readonly kind: 'cut';
      readonly atMs: number;
      readonly forMs: number;
      readonly side: readonly number[];
      readonly others: readonly number[];
      /** Nothing comes from that side any more, though all still reaches it. */
      readonly oneWay: boolean;
    }
  /** A connection ends, known at once to who ends it and later to the other, and no other can be made for a while. */
  | {
      readonly kind: 'break';
      readonly atMs: number;
      readonly forMs: number;
      readonly by: number;
      readonly with: number;
    };

type Plan = Pick<MemberScenario, 'faults' | 'slowLinks' | 'quiet' | 'loss'> & { readonly endsMs: number };

const faultsEach = 3;
const singles = ['kill', 'leave', 'join', 'freeze', 'cut', 'link'] as const;
const forMsEach = [30, 150, 400, 700, 1200];
const nothing = { slowLinks: [], quiet: undefined, loss: { kind: 'nothing' } } as const;

/** `key`: the counter whose owner and backup are meant where two fail. */
export function drawPlan(
  random: Random,
  { kind, members, key }: { readonly kind: Kind; readonly members: number; readonly key: CounterKey },
): Plan {
  const keepers = keepersOf(key, members);
  const atMs = 800 + random.below(500);
  switch (kind) {
    case 'calm':
      return { ...nothing, faults: [], endsMs: 0 };
    case 'heir':
      return drawHeir(random, atMs, keepers);
    case 'pair':
      return drawPair(random, atMs, keepers);
    case 'spent':
      return drawSpent(random, atMs, keepers);
    case 'minority':
      return drawMinority(random, atMs, keepers);
    case 'stray':
      return drawStray(random, atMs, keepers);
    case 'slow':
      return { ...drawOneByOne(random, { kind, members, atMs }), slowLinks: drawSlowLinks(random, members) };
    case 'kill':
    case 'leave':
    case 'join':
    case 'freeze':
    case 'cut':
    case 'link':
    case 'storm':
      return drawOneByOne(random, { kind, members, atMs });
    default:
      return kind satisfies never;
  }
}

/** The name of a member that was there from the start. */
function firstNameOf(place: number): GatewayId {
  return `g${place}-${place + 1}` as GatewayId;
}

function drawOneByOne(
  random: Random,
  { kind, members, atMs }: { readonly kind: Kind; readonly members: number; readonly atMs: number },
): Plan {
  const faults: MemberFault[] = [];
  let nextMs = atMs;
  for (let fault = 0; fault < faultsEach; fault += 1) {
    const what = singles.find((one) => one === kind) ?? random.pick(singles);
    faults.push(...drawFault(random, what, { atMs: nextMs, members, newPlace: members + fault }));
    nextMs += 2000 + random.below(700);
  }
  return { ...nothing, faults, endsMs: nextMs };
}

function drawFault(
  random: Random,
  kind: (typeof singles)[number],
  where: { readonly atMs: number; readonly members: number; readonly newPlace: number },
): readonly MemberFault[] {
  const { atMs, members, newPlace } = where;
  const place = random.below(members);
  const forMs = random.pick(forMsEach);
  const isBack: MemberFault = { kind: 'join', atMs: atMs + random.pick([100, 900]), place };
  const others = placesBut([place], newPlace);
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
      return [{ kind, atMs, forMs, side: [place], others, oneWay: random.chance(0.3) }];
    case 'link': {
      const other = (place + 1 + random.below(members - 1)) % members;
      if (random.chance(0.5)) return [{ kind: 'break', atMs, forMs, by: place, with: other }];
      return [{ kind: 'cut', atMs, forMs, side: [place], others: [other], oneWay: random.chance(0.5) }];
    }
    default:
      return kind satisfies never;
  }
}

function drawSlowLinks(random: Random, members: number): Plan['slowLinks'] {
  return placesBut([], members).flatMap((one) =>
    placesBut([], one)
      .filter(() => random.chance(0.5))
      .map((other) => ({ between: [one, other] as const, delayMs: random.pick([20, 50, 100, 200]) })),
  );
}

/** Half of them die when windows of a second have just begun: what they granted in the last one still counts in sliding ones. */
function drawHeir(random: Random, someMs: number, { owner, backup }: Places): Plan {
  const atMs = random.chance(0.5) ? someMs : 2000 + random.below(30);
  const slowLinks = [{ between: [owner, backup] as const, delayMs: random.pick([20, 50, 100, 200]) }];
  const faults: readonly MemberFault[] = [
    { kind: 'kill', atMs, place: owner, silently: false },
    { kind: 'join', atMs: atMs + 1500, place: owner },
  ];
  return { ...nothing, faults, slowLinks, endsMs: atMs + 2500 };
}

function drawPair(random: Random, atMs: number, { owner, backup }: Places): Plan {
  const secondMs = atMs + random.pick([0, 1, 5, 30]);
  const faults: readonly MemberFault[] = [
    { kind: 'kill', atMs, place: owner, silently: random.chance(0.3) },
    { kind: 'kill', atMs: secondMs, place: backup, silently: random.chance(0.3) },
    { kind: 'join', atMs: atMs + 1500, place: owner },
    { kind: 'join', atMs: atMs + 1700, place: backup },
  ];
  const loss = { kind: 'dead', places: [owner, backup], atMs: secondMs } as const;
  return { ...nothing, faults, loss, endsMs: atMs + 3000 };
}

/** What the idle one has taken only it can tell, to the new owner or as the new owner, and no claim of its own will. */
function drawSpent(random: Random, atMs: number, keepers: Places): Plan {
  const place = random.pick(placesBut([keepers.owner, keepers.backup], 5));
  const plan = drawPair(random, atMs, keepers);
  const faults = plan.faults.filter(({ kind }) => kind === 'kill');
  return { ...plan, faults, quiet: { place, fromMs: atMs - 300, untilMs: Infinity } };
}

function drawMinority(random: Random, atMs: number, { owner, backup }: Places): Plan {
  const forMs = random.pick([700, 1200, 2500]);
  const places = [owner, backup];
  const others = placesBut(places, 5);
  const faults: readonly MemberFault[] = [{ kind: 'cut', atMs, forMs, side: places, others, oneWay: false }];
  const loss = { kind: 'parted', places, atMs, untilMs: atMs + forMs } as const;
  return { ...nothing, faults, loss, endsMs: atMs + forMs + 1000 };
}

/**
 * The last of the members that are neither owner nor backup of the counter is far from all, and asks for the first time just when
 * another stops to hear it. All but itself know at once that it is out; what it asked comes to the owner after that.
 */
function drawStray(random: Random, atMs: number, { owner, backup }: Places): Plan {
  const [by, , stray] = placesBut([owner, backup], 5) as [number, number, number];
  const far = placesBut([stray], 5).map((other) => ({ between: [stray, other] as const, delayMs: 20 }));
  const slowLinks = [...far, { between: [owner, backup] as const, delayMs: 40 }];
  const faults: readonly MemberFault[] = [
    { kind: 'break', atMs, forMs: 4000, by, with: stray },
    { kind: 'kill', atMs: atMs + 60 + random.below(80), place: owner, silently: false },
  ];
  return {
    ...nothing,
    faults,
    slowLinks,
    quiet: { place: stray, fromMs: 0, untilMs: atMs },
    endsMs: atMs + 2500,
  };
}

interface Places {
  readonly owner: number;
  readonly backup: number;
}

/** Who keeps a counter while all are there that were from the start. */
function keepersOf(key: CounterKey, members: number): Places {
  const names = placesBut([], members).map(firstNameOf);
  const { owner, backup } = new Owners(names).of(key);
  return { owner: names.indexOf(owner), backup: names.findIndex((name) => name === backup) };
}

/** The places below a number, without some. */
function placesBut(some: readonly number[], below: number): readonly number[] {
  return Array.from({ length: below }, (_, place) => place).filter((place) => !some.includes(place));
}
