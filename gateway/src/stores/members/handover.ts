import type { GatewayId } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import type { LedgerShelf } from '../ledger-shelf.ts';
import type { Membership } from './membership.ts';
import { chunks, type CountingBody } from './messages.ts';
import type { Owners } from './owners.ts';
import type { StatedAccounts } from './stated-accounts.ts';

export interface HandoverPorts {
  readonly membership: Membership;
  readonly shelf: LedgerShelf;
  readonly stated: StatedAccounts;
  readonly send: (to: GatewayId, body: CountingBody) => void;
}

/**
 * What members tell each other when a view begins: each tells every other all it knows of the counters that are the other's from
 * now on. Whoever begins another epoch is told anew, and tells anew.
 */
export class Handover {
  readonly #ports: HandoverPorts;
  /** Epochs of members that have told us everything, and of those that we have told. */
  readonly #learnedFrom = new Map<GatewayId, number>();
  readonly #toldTo = new Map<GatewayId, number>();

  constructor(ports: HandoverPorts) {
    this.#ports = ports;
  }

  /** Another view has begun: nothing is told yet. */
  begin(): void {
    this.#learnedFrom.clear();
    this.#toldTo.clear();
  }

  /** Whether these members have told us everything. */
  hasLearnedFrom(members: readonly GatewayId[]): boolean {
    return members.every((member) => this.#isCurrent(this.#learnedFrom, member));
  }

  hasTold(member: GatewayId): boolean {
    return this.#isCurrent(this.#toldTo, member);
  }

  learned(from: GatewayId, epoch: number): void {
    this.#learnedFrom.set(from, epoch);
  }

  /** Tells a member, once in its epoch, when it counts in our view. Gives whether it was told now. */
  tell(member: GatewayId, owners: Owners): boolean {
    const { membership, shelf, stated, send } = this.#ports;
    const epoch = membership.epochOf(member);
    if (epoch === undefined || this.hasTold(member)) return false;
    this.#toldTo.set(member, epoch);
    const isTheirs = ({ key }: { readonly key: CounterKey }): boolean => owners.of(key).owner === member;
    for (const copies of chunks(shelf.all.filter(isTheirs))) send(member, { kind: 'copies', copies });
    for (const claims of chunks(stated.claims.filter(isTheirs))) send(member, { kind: 'restate', claims });
    send(member, { kind: 'synced' });
    return true;
  }

  #isCurrent(epochs: ReadonlyMap<GatewayId, number>, member: GatewayId): boolean {
    const epoch = this.#ports.membership.epochOf(member);
    return epoch !== undefined && epochs.get(member) === epoch;
  }
}
