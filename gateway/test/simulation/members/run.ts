import type { GatewayId } from '../../../src/limits/claim.ts';
import type { CounterKey } from '../../../src/limits/counter-key.ts';
import type { Limit } from '../../../src/limits/limit.ts';
import type * as Limiters from '../../../src/limiter/limiter.ts';
import type { Verdict } from '../../../src/limiter/verdict.ts';
import { levels, type OnStoreFailure } from '../../../src/policy/levels.ts';
import type { Charge } from '../../../src/policy/plan.ts';
import type * as MembersStores from '../../../src/stores/members/members-store.ts';
import { seededRandom, type Random } from '../../support/random.ts';
import { loadCore, shipped, type Core } from '../core.ts';
import { epochMs, World } from '../world.ts';
import type { MemberFault, MemberScenario } from './scenario.ts';
import { SimNetwork } from './sim-network.ts';
import { SimProcess } from './sim-process.ts';

/** The code under test: what Sluice ships, or a copy of it with a bug planted. */
export interface MemberCore extends Core {
  readonly MembersStore: typeof MembersStores.MembersStore;
}

/** Loads it from a folder that also holds stores/ and config/; ends in a slash. */
export async function loadMemberCore(root: URL = shipped): Promise<MemberCore> {
  const stores: unknown = await import(new URL('stores/members/members-store.ts', root).href);
  return { ...(await loadCore(root)), MembersStore: (stores as typeof MembersStores).MembersStore };
}

/** One decision, as its client would know it; times are ms of the world. */
export interface MemberDecision {
  readonly place: number;
  readonly counter: number;
  readonly askedMs: number;
  readonly atMs: number;
  readonly admitted: boolean;
  readonly certain: boolean;
  readonly unavailable: boolean;
}

interface Member {
  readonly place: number;
  readonly address: string;
  readonly process: SimProcess;
  readonly limiter: Limiters.Limiter;
  leaving: boolean;
}

/** Runs gateways with the shipped limiter and cluster store in virtual time; gives all decisions. */
export function runMembers(scenario: MemberScenario, core: MemberCore): Promise<readonly MemberDecision[]> {
  return new Run(scenario, core).all();
}

class Run {
  readonly #scenario: MemberScenario;
  readonly #core: MemberCore;
  readonly #world = new World();
  readonly #random: Random;
  readonly #network: SimNetwork;
  readonly #members = new Map<number, Member>();
  readonly #keys: readonly CounterKey[];
  readonly #decisions: MemberDecision[] = [];
  #started = 0;

  constructor(scenario: MemberScenario, core: MemberCore) {
    this.#scenario = scenario;
    this.#core = core;
    this.#random = seededRandom(scenario.seed ^ 0x5eed);
    this.#network = new SimNetwork(this.#world, this.#random, scenario.delayMsMax);
    this.#keys = scenario.limits.map((limit, counter) => core.counterKey('sim', limit, [String(counter)]));
  }

  async all(): Promise<readonly MemberDecision[]> {
    const { members, durationMs, faults } = this.#scenario;
    for (let place = 0; place < members; place += 1) this.#start(place);
    for (const fault of faults) this.#world.at(fault.atMs, () => this.#inflict(fault));
    await this.#world.runUntil(durationMs);
    return this.#decisions;
  }

  #start(place: number): void {
    const { members, limits, onFailure } = this.#scenario;
    this.#started += 1;
    const id = `g${place}-${this.#started}` as GatewayId;
    const address = `host${place}:4000`;
    const process = new SimProcess(this.#world, 1_000_000 * this.#started + 77);
    const store = new this.#core.MembersStore({
      clock: process,
      settings: {
        self: { id, address },
        members: Array.from({ length: members }, (_, other) => `host${other}:4000`),
        onLostMajority: 'share',
      },
      events: {
        lossSuspected: () => limiter.lossSuspected(),
        gatewaysCounted: (gateways) => limiter.gatewaysCounted(gateways),
      },
      openMesh: (events) => this.#network.open(id, address, process, events),
    });
    const rules = Object.fromEntries(levels.map((level) => [level, onFailure]));
    const limiter: Limiters.Limiter = new this.#core.Limiter({
      store,
      clock: process,
      settings: {
        gateway: id,
        claimDeadlineMs: 50,
        gatewaysMin: 1,
        onStoreFailure: rules as Record<(typeof levels)[number], OnStoreFailure>,
        leases: { horizonMs: 100, recheckMs: 100 },
      },
      recorder: { settled() {}, lost() {}, batchTook() {}, storeAway() {}, storeBack() {} },
    });
    const member: Member = { place, address, process, limiter, leaving: false };
    this.#members.set(place, member);
    void limiter.open(2000).then(() => this.#ask(member, limits));
  }

  #ask(member: Member, limits: readonly Limit[]): void {
    const { everyMs, perTurn } = this.#scenario;
    if (member.leaving) return;
    for (let asked = 0; asked < perTurn; asked += 1) {
      const counter = this.#random.below(limits.length);
      const charges: readonly Charge[] = [
        { level: 'subscription', key: this.#keys[counter]!, limit: limits[counter]!, cost: 1 },
      ];
      const askedMs = this.#world.nowMs;
      const decided = (verdict: Verdict): void => {
        if (member.process.isKilled) return;
        this.#decisions.push({
          place: member.place,
          counter,
          askedMs,
          atMs: this.#world.nowMs,
          admitted: verdict.admitted,
          certain: verdict.certain,
          unavailable: !verdict.admitted && verdict.because === 'store-unavailable',
        });
      };
      const verdict = member.limiter.admit(charges);
      if (verdict instanceof Promise) void verdict.then(decided);
      else decided(verdict);
    }
    member.process.after(1 + this.#random.below(2 * everyMs), () => this.#ask(member, limits));
  }

  #inflict(fault: MemberFault): void {
    if (fault.kind === 'cut') {
      const own = this.#members.get(fault.place)?.address;
      if (own === undefined) return;
      for (const { address } of this.#members.values())
        if (address !== own) this.#network.cut(own, address, fault.oneWay);
      this.#world.after(fault.forMs, () => this.#network.heal());
      return;
    }
    const member = this.#members.get(fault.place);
    if (fault.kind === 'join') {
      if (member === undefined) this.#start(fault.place);
      return;
    }
    if (member === undefined) return;
    if (fault.kind === 'freeze') {
      member.process.freeze();
      this.#world.after(fault.forMs, () => member.process.thaw());
      return;
    }
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

/** What the decisions of a run say of one window of one counter, by nothing but when they were made. */
export interface SeenWindow {
  readonly counter: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly admitted: number;
  readonly refused: number;
}

export function windowsOf(
  scenario: MemberScenario,
  decisions: readonly MemberDecision[],
): readonly SeenWindow[] {
  return scenario.limits.flatMap(({ windowMs }, counter) => {
    const own = decisions.filter((one) => one.counter === counter);
    const byWindow = Map.groupBy(own, ({ atMs }) => Math.floor((epochMs + atMs) / windowMs));
    return [...byWindow].map(([window, some]) => {
      const startMs = window * windowMs - epochMs;
      const admitted = some.filter((one) => one.admitted).length;
      return { counter, startMs, endMs: startMs + windowMs, admitted, refused: some.length - admitted };
    });
  });
}
