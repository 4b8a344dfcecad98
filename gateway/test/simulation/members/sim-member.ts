import type { GatewayId } from '../../../src/limits/claim.ts';
import type { CounterStore } from '../../../src/limits/counter-store.ts';
import type { Limiter } from '../../../src/limiter/limiter.ts';
import { levels, type OnStoreFailure } from '../../../src/policy/levels.ts';
import { claimDeadlineMs, leaseTerms, silent } from '../sim-gateway.ts';
import type { World } from '../world.ts';
import type { MemberCore } from './run.ts';
import type { SimNetwork } from './sim-network.ts';
import { SimProcess } from './sim-process.ts';

/** One gateway process of a cluster: the shipped limiter and cluster store. */
export class SimMember {
  readonly place: number;
  /** Counts the processes that were started; a restarted one is another. */
  readonly number: number;
  readonly address: string;
  readonly process: SimProcess;
  readonly limiter: Limiter;
  leaving = false;

  constructor(parts: {
    readonly core: MemberCore;
    readonly world: World;
    readonly network: SimNetwork;
    readonly place: number;
    readonly number: number;
    readonly members: number;
    readonly onFailure: OnStoreFailure;
    /** Sees each answer before the limiter does. */
    readonly watched: (store: CounterStore, member: SimMember) => CounterStore;
    readonly gatewaysCounted: (gateways: number) => void;
  }) {
    const { core, world, network, place, number, members, onFailure } = parts;
    const id = `g${place}-${number}` as GatewayId;
    this.place = place;
    this.number = number;
    this.address = addressOf(place);
    this.process = new SimProcess(world, 1_000_000 * number + 77);
    const store = new core.MembersStore({
      clock: this.process,
      settings: {
        self: { id, address: this.address },
        members: Array.from({ length: members }, (_, other) => addressOf(other)),
        onLostMajority: 'share',
      },
      events: {
        lossSuspected: () => this.limiter.lossSuspected(),
        gatewaysCounted: (gateways) => {
          parts.gatewaysCounted(gateways);
          this.limiter.gatewaysCounted(gateways);
        },
      },
      openMesh: (events) => network.open(id, this.address, this.process, events),
    });
    const rules = Object.fromEntries(levels.map((level) => [level, onFailure]));
    this.limiter = new core.Limiter({
      store: parts.watched(store, this),
      clock: this.process,
      settings: {
        gateway: id,
        claimDeadlineMs,
        gatewaysMin: 1,
        onStoreFailure: rules as Record<(typeof levels)[number], OnStoreFailure>,
        leases: leaseTerms,
      },
      recorder: silent,
    });
  }
}

export function addressOf(place: number): string {
  return `host${place}:4000`;
}
