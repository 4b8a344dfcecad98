import type { Claim, Grant } from '../../../src/limits/claim.ts';
import type { CounterKey } from '../../../src/limits/counter-key.ts';
import type { CounterStore } from '../../../src/limits/counter-store.ts';
import type { Verdict } from '../../../src/limiter/verdict.ts';
import type * as MembersStores from '../../../src/stores/members/members-store.ts';
import { seededRandom, type Random } from '../../support/random.ts';
import { loadCore, shipped, type Core } from '../core.ts';
import type { Event } from '../history.ts';
import { silenceMsMax } from '../sim-gateway.ts';
import { epochMs, World } from '../world.ts';
import type { MemberFault } from './fault-plan.ts';
import { keyOf, type MemberScenario } from './scenario.ts';
import { addressOf, SimMember } from './sim-member.ts';
import { SimNetwork } from './sim-network.ts';
import { requestCharge } from '../../../src/policy/plan.ts';

/** The code under test: what Sluice ships, or a copy of it with a bug planted. */
export interface MemberCore extends Core {
  readonly MembersStore: typeof MembersStores.MembersStore;
}

/** Loads it from a folder that also holds stores/ and config/; ends in a slash. */
export async function loadMemberCore(root: URL = shipped): Promise<MemberCore> {
  const stores: unknown = await import(new URL('stores/members/members-store.ts', root).href);
  return { ...(await loadCore(root)), MembersStore: (stores as typeof MembersStores).MembersStore };
}

/** What happened in a run: decisions, and answers as they came to the gateways that had asked. */
export interface MemberHistory {
  readonly events: readonly Event[];
  /** The fewest that any member was told to share limits with. */
  readonly gatewaysMin: number;
}

/** Runs gateways with the shipped limiter and cluster store in virtual time. */
export function runMembers(scenario: MemberScenario, core: MemberCore): Promise<MemberHistory> {
  return new Run(scenario, core).all();
}

type Untimed<Kind> = Kind extends Event ? Omit<Kind, 'atMs' | 'storeMs'> : never;

class Run {
  readonly #scenario: MemberScenario;
  readonly #core: MemberCore;
  readonly #world = new World();
  readonly #random: Random;
  readonly #network: SimNetwork;
  readonly #members = new Map<number, SimMember>();
  readonly #keys: readonly CounterKey[];
  readonly #events: Event[] = [];
  #gatewaysMin = Infinity;
  #started = 0;

  constructor(scenario: MemberScenario, core: MemberCore) {
    const { seed, delayMsMax, slowLinks, counters } = scenario;
    this.#scenario = scenario;
    this.#core = core;
    this.#random = seededRandom(seed ^ 0x5eed);
    this.#network = new SimNetwork(this.#world, this.#random, {
      delayMsMax,
      slowLinks: slowLinks.map(({ between: [one, other], delayMs }) => ({
        between: [addressOf(one), addressOf(other)],
        delayMs,
      })),
    });
    this.#keys = counters.map(keyOf);
  }

  async all(): Promise<MemberHistory> {
    const { members, durationMs, faults } = this.#scenario;
    for (let place = 0; place < members; place += 1) this.#start(place);
    for (const fault of faults) this.#world.at(fault.atMs, () => this.#inflict(fault));
    await this.#world.runUntil(durationMs);
    return { events: this.#events, gatewaysMin: this.#gatewaysMin };
  }

  #start(place: number): void {
    const { members, onFailure } = this.#scenario;
    this.#started += 1;
    const member = new SimMember({
      core: this.#core,
      world: this.#world,
      network: this.#network,
      place,
      number: this.#started,
      members,
      onFailure,
      watched: (store, asking) => this.#watched(store, asking),
      gatewaysCounted: (gateways) => {
        this.#gatewaysMin = Math.min(this.#gatewaysMin, gateways);
      },
    });
    this.#members.set(place, member);
    void member.limiter.open(2000).then(() => this.#ask(member));
  }

  #ask(member: SimMember): void {
    const { everyMs, perTurn, counters, members, quiet } = this.#scenario;
    if (member.leaving || member.process.isKilled) return;
    const isQuiet = quiet?.place === member.place && member.number <= members;
    const { nowMs } = this.#world;
    if (isQuiet && nowMs >= quiet.fromMs && nowMs < quiet.untilMs) {
      this.#world.at(quiet.untilMs, () => this.#ask(member));
      return;
    }
    for (let asked = 0; asked < perTurn; asked += 1)
      this.#decide(member, this.#random.below(counters.length));
    member.process.after(1 + this.#random.below(2 * everyMs), () => this.#ask(member));
  }

  #decide({ process, limiter, number }: SimMember, counter: number): void {
    const limit = this.#scenario.counters[counter]!;
    const askedAtMs = this.#world.nowMs;
    const decided = (verdict: Verdict): void => {
      if (process.isKilled) return;
      const { admitted } = verdict;
      this.#tell({
        is: 'decision',
        askedAtMs,
        gateway: number,
        charges: [{ counter, cost: 1 }],
        admitted,
        // Under deny nothing passes that isn't counted, whoever is away.
        certain: verdict.certain || (admitted && this.#scenario.onFailure === 'deny'),
        unavailable: !verdict.admitted && verdict.because === 'store-unavailable',
      });
    };
    const verdict = limiter.admit([requestCharge('subscription', limit, this.#keys[counter]!)]);
    if (verdict instanceof Promise) void verdict.then(decided);
    else decided(verdict);
  }

  #watched(store: CounterStore, { number: gateway, process }: SimMember): CounterStore {
    return {
      settle: async (claims) => {
        const sentMs = this.#world.nowMs;
        // As the limiter does, which doesn't hear answers after that.
        let isGivenUp = false;
        process.after(silenceMsMax, () => process.atEndOfTurn(() => (isGivenUp = true)));
        const grants = await store.settle(claims);
        if (isGivenUp) return grants;
        for (const [at, grant] of grants.entries()) this.#answered(claims[at]!, grant, { gateway, sentMs });
        return grants;
      },
      read: (keys) => store.read(keys),
      forget: (keys) => store.forget(keys),
      close: () => store.close(),
    };
  }

  /** An answer that comes too late to be used tells nothing: its window may be over. */
  #answered(
    claim: Claim,
    grant: Grant,
    { gateway, sentMs }: { readonly gateway: number; readonly sentMs: number },
  ): void {
    const counter = this.#keys.indexOf(claim.key);
    const waitedMs = this.#world.nowMs - sentMs;
    if (counter < 0 || waitedMs >= grant.endsInMs - 1) return;
    const held = claim.window === grant.window ? claim.held : 0;
    const unchanged = held + grant.granted === 0;
    this.#tell({ is: 'settled', gateway, counter, claim, copy: 0, grant, unchanged });
    this.#tell({ is: 'delivered', gateway, counter, grant, held, era: 0 });
  }

  #tell(event: Untimed<Event>): void {
    const atMs = this.#world.nowMs;
    this.#events.push({ ...event, atMs, storeMs: epochMs + atMs } as Event);
  }

  #inflict(fault: MemberFault): void {
    switch (fault.kind) {
      case 'cut':
        this.#cut(fault.side, fault.others, fault.oneWay);
        this.#world.after(fault.forMs, () => this.#network.heal());
        break;
      case 'break':
        this.#network.breakLink(addressOf(fault.by), addressOf(fault.with));
        this.#cut([fault.by], [fault.with], false);
        this.#world.after(fault.forMs, () => this.#network.heal());
        break;
      case 'join':
        if (!this.#members.has(fault.place)) this.#start(fault.place);
        break;
      case 'freeze': {
        const process = this.#members.get(fault.place)?.process;
        process?.freeze();
        this.#world.after(fault.forMs, () => process?.thaw());
        break;
      }
      case 'kill':
      case 'leave':
        this.#remove(fault);
        break;
      default:
        fault satisfies never;
    }
  }

  #cut(side: readonly number[], others: readonly number[], oneWay: boolean): void {
    for (const one of side.map(addressOf)) {
      for (const other of others.map(addressOf)) {
        this.#network.cut(one, other);
        if (!oneWay) this.#network.cut(other, one);
      }
    }
  }

  #remove(fault: Exclude<MemberFault, { kind: 'cut' | 'break' | 'freeze' }>): void {
    const member = this.#members.get(fault.place);
    if (member === undefined) return;
    this.#members.delete(fault.place);
    if (fault.kind === 'kill') {
      member.process.kill();
      this.#network.died(member.address, fault.silently);
    } else {
      member.leaving = true;
      void member.limiter.close();
    }
  }
}
