import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import { StoreError } from '../../limits/counter-store.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import type { LedgerShelf, NamedLedger } from '../ledger-shelf.ts';
import type { Owners } from './owners.ts';

/** The answer to claims, with each account after its grant; or why there is none. */
export type Settlement =
  | { readonly grants: readonly Grant[]; readonly held: readonly number[] }
  | { readonly why: string };

interface Asked {
  readonly from: GatewayId;
  readonly claims: readonly Claim[];
  readonly answer: (settlement: Settlement) => void;
}

/** An answer that waits until the backups have copies of what it changed. */
interface Unconfirmed {
  readonly keys: readonly CounterKey[];
  readonly waitsFor: Set<GatewayId>;
  readonly confirmed: () => void;
}

export interface OwnerPorts {
  readonly self: GatewayId;
  readonly shelf: LedgerShelf;
  /** Whether all other members of the view have told what they know of our counters. */
  readonly hasLearned: () => boolean;
  /** Sends copies to a member; with an id it answers that it has kept them. */
  readonly sendCopies: (to: GatewayId, copies: readonly NamedLedger[], id?: number) => void;
}

/**
 * What this member does for the counters it owns. After each change of the view it learns first: it takes claims, but answers
 * none until every member has told what it knows. What it grants itself counts only when the counter's backup has heard of it,
 * for a member that dies can't state what it held; and so does what still counts when its window is over, for members state only
 * what they hold in windows that run.
 */
export class Owner {
  readonly #ports: OwnerPorts;
  readonly #unconfirmed = new Map<number, Unconfirmed>();
  #owners: Owners | undefined;
  #ownersBefore: Owners | undefined;
  #asked: Asked[] = [];
  #serving = false;
  #lastId = 0;

  constructor(ports: OwnerPorts) {
    this.#ports = ports;
  }

  /** Whether claims are answered now. */
  get serving(): boolean {
    return this.#serving;
  }

  /** Another view: what was asked in the last one is asked anew by whoever still needs it. */
  enter(owners: Owners | undefined): void {
    if (this.#serving) this.#ownersBefore = this.#owners;
    this.#owners = owners;
    this.#serving = false;
    this.#asked = [];
    this.#unconfirmed.clear();
  }

  /** A member of the view has begun another epoch: it will tell anew what it knows, and ask what it still needs. */
  relearn(member: GatewayId): void {
    this.#serving = false;
    this.#asked = this.#asked.filter(({ from }) => from !== member);
  }

  /** Serves from now on if nothing more is to be learned. */
  tryToServe(): void {
    if (this.#serving || this.#owners === undefined || !this.#ports.hasLearned()) return;
    this.#serving = true;
    this.#shareOut();
    for (const [id, { keys, waitsFor }] of this.#unconfirmed) {
      for (const member of waitsFor) {
        const copies = keys.map((key) => this.#ports.shelf.get(key)).filter((copy) => copy !== undefined);
        this.#sendBackup(member, copies, id);
      }
    }
    const asked = this.#asked;
    this.#asked = [];
    for (const one of asked) this.#settle(one);
  }

  /** Settles claims on counters that we own, now or when we have learned. */
  settle(asked: Asked): void {
    if (!this.#serving && this.#asked.length >= askedMax) asked.answer({ why: 'too many claims wait' });
    else if (this.#serving) this.#settle(asked);
    else this.#asked.push(asked);
  }

  kept(by: GatewayId, id: number): void {
    const waiting = this.#unconfirmed.get(id);
    if (waiting === undefined) return;
    waiting.waitsFor.delete(by);
    if (waiting.waitsFor.size > 0) return;
    this.#unconfirmed.delete(id);
    waiting.confirmed();
  }

  #settle({ from, claims, answer }: Asked): void {
    const { self, shelf } = this.#ports;
    const changed: NamedLedger[] = [];
    const grants: Grant[] = [];
    const held: number[] = [];
    try {
      for (const claim of claims) {
        const before = shelf.get(claim.key);
        const grant = shelf.settle(claim);
        const after = shelf.get(claim.key);
        if (after !== undefined && after !== before) changed.push(after);
        grants.push(grant);
        held.push(
          after?.ledger.window === grant.window ? (after.ledger.accounts.get(claim.gateway)?.held ?? 0) : 0,
        );
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      answer({ why: error.message });
      return;
    }
    const backups = new Set(changed.map(({ key }) => this.#backupOf(key)).filter((one) => one !== undefined));
    const outlives = claims.some(({ limit }) => limit.kind !== 'fixed-window');
    const mustConfirm = (from === self || outlives) && backups.size > 0;
    this.#lastId += 1;
    const id = mustConfirm ? this.#lastId : undefined;
    if (id !== undefined) {
      const confirmed = (): void => answer({ grants, held });
      this.#unconfirmed.set(id, {
        keys: changed.map(({ key }) => key),
        waitsFor: new Set(backups),
        confirmed,
      });
    }
    for (const backup of backups) this.#sendBackup(backup, changed, id);
    if (!mustConfirm) answer({ grants, held });
  }

  /** Sends a backup those of the ledgers that are its to keep. */
  #sendBackup(backup: GatewayId, named: readonly NamedLedger[], id: number | undefined): void {
    const copies = named.filter(({ key }) => this.#backupOf(key) === backup);
    this.#ports.sendCopies(backup, copies, id);
  }

  #backupOf(key: CounterKey): GatewayId | undefined {
    return this.#owners?.of(key).backup;
  }

  /** Every backup gets its copies; what others keep since the view before last is dropped here. */
  #shareOut(): void {
    const { self, shelf, sendCopies } = this.#ports;
    const owned = shelf.all.filter(({ key }) => this.#owners?.of(key).owner === self);
    for (const [backup, copies] of Map.groupBy(owned, ({ key }) => this.#backupOf(key))) {
      if (backup !== undefined) sendCopies(backup, copies);
    }
    const isOurs = (key: CounterKey, owners: Owners | undefined): boolean => {
      const keepers = owners?.of(key);
      return keepers?.owner === self || keepers?.backup === self;
    };
    for (const { key } of shelf.all) {
      if (!isOurs(key, this.#owners) && !isOurs(key, this.#ownersBefore)) shelf.forget(key);
    }
  }
}

const askedMax = 10_000;
