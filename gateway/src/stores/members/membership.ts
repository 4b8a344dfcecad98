import type { GatewayId } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
import type { ClusterClock } from './cluster-clock.ts';
import { KnownMembers } from './known-members.ts';
import type { Mesh } from './mesh.ts';
import type { Beat } from './messages.ts';
import { membersInTouch, viewName, type Row } from './view.ts';

/** This member: its name for this run of the process, and where others reach it. */
export interface Self {
  readonly id: GatewayId;
  readonly address: string;
}

export interface MembershipSettings {
  readonly self: Self;
  /** Addresses of members known from the start, this one's or not. */
  readonly members: readonly string[];
  /** What a side does that doesn't see a majority of the known members: count on, or leave it to shares. */
  readonly onLostMajority: 'share' | 'whole';
}

/** What a member says of its own view. */
interface Declared {
  readonly epoch: number;
  readonly view: string;
}

export interface MembershipEvents {
  /** This member counts with others than before, or with nobody: a new epoch has begun. */
  viewChanged(): void;
  /** Another member has told of a new epoch of its own. */
  epochBegun(of: GatewayId): void;
}

const beatEveryMs = 100;
/** Five heartbeats. A member that isn't heard for so long is out of touch; a connection that ends says so at once. */
const silenceMsMax = 500;

/**
 * Who counts together: those of the known members that all hear each other, if they are a majority. Each member tells whom it
 * hears, and passes on what the others tell, so all compute the same view from the same rows. Views may differ for a moment;
 * nothing is granted in a view until all of its members have declared it (see members-store.ts).
 */
export class Membership {
  readonly clusterClock: ClusterClock;
  readonly #clock: Clock;
  readonly #settings: MembershipSettings;
  readonly #events: MembershipEvents;
  readonly #mesh: () => Mesh;
  readonly #known: KnownMembers;
  /** Who is connected, and when it was last heard. */
  readonly #heardAtMs = new Map<GatewayId, number>();
  /** All rows but our own, and when each came. */
  readonly #rows = new Map<GatewayId, { readonly row: Row; readonly atMs: number }>();
  readonly #declared = new Map<GatewayId, Declared>();
  #own: Row;
  #view: readonly GatewayId[] = [];
  #epoch = 0;
  #cancelBeat = (): void => {};

  constructor(parts: {
    readonly clock: Clock;
    readonly clusterClock: ClusterClock;
    readonly settings: MembershipSettings;
    readonly events: MembershipEvents;
    readonly mesh: () => Mesh;
  }) {
    this.#clock = parts.clock;
    this.#settings = parts.settings;
    this.#events = parts.events;
    this.#mesh = parts.mesh;
    const { self, members } = parts.settings;
    this.clusterClock = parts.clusterClock;
    this.#known = new KnownMembers(self.address, members);
    this.#own = { number: 0, address: self.address, hears: [], settled: false };
  }

  /** Begins to look for the others. */
  start(): void {
    this.#look();
    this.#beat();
  }

  /** Members that count together, this one included, in order of name; none while there is no majority. */
  get view(): readonly GatewayId[] {
    return this.#view;
  }

  /** Grows with each change of the view. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The epoch in which another member has declared our view; undefined while it is in another. */
  epochOf(member: GatewayId): number | undefined {
    const declared = this.#declared.get(member);
    return declared?.view === viewName(this.#view) ? declared.epoch : undefined;
  }

  /** The last epoch that a member has told. */
  lastEpochOf(member: GatewayId): number | undefined {
    return this.#declared.get(member)?.epoch;
  }

  /** How many belong to the cluster, whether they are in touch or not: limits are shared with these where no view begins. */
  get known(): number {
    return this.#known.addresses.length;
  }

  /** Why nothing is counted without a view. */
  get missing(): string {
    return `no majority of the cluster: ${this.#own.hears.length + 1} of ${this.known} members are in touch`;
  }

  met(member: GatewayId): void {
    this.#heardAtMs.set(member, this.#clock.monotonicMs());
    this.#declared.delete(member);
    this.#mesh().send(member, this.#word());
  }

  parted(member: GatewayId): void {
    this.#heardAtMs.delete(member);
    this.#declared.delete(member);
    this.#look();
  }

  /** A member goes in order: it isn't missed. */
  left(member: GatewayId): void {
    const address = this.#rows.get(member)?.row.address;
    if (address !== undefined) this.#known.leave(address);
    this.#rows.delete(member);
    this.parted(member);
  }

  heard(from: GatewayId, { epoch, view, rows, known, time }: Beat): void {
    const nowMs = this.#clock.monotonicMs();
    this.#heardAtMs.set(from, nowMs);
    const rowsBefore = this.#rows.size;
    for (const [id, row] of rows) {
      const before = this.#rows.get(id);
      if (id === this.#settings.self.id || (before !== undefined && before.row.number >= row.number))
        continue;
      this.#rows.set(id, { row, atMs: nowMs });
    }
    // Somebody new: the sooner all are connected, the sooner they count together.
    if (this.#rows.size > rowsBefore) this.#reach();
    // Whoever isn't in a view yet knows no better than we; it belongs to the cluster once it is in ours.
    if (this.#rows.get(from)?.row.settled === true) this.#known.hear(known);
    const echo = rows.find(([id]) => id === this.#settings.self.id)?.[1].number ?? -Infinity;
    this.clusterClock.hear(time, { ageMsMax: nowMs - echo, comesFirst: from < this.#settings.self.id });
    const before = this.#declared.get(from);
    this.#declared.set(from, { epoch, view: viewName(view) });
    this.#look();
    if (before?.epoch !== epoch) this.#events.epochBegun(from);
  }

  close(): void {
    this.#cancelBeat();
    for (const member of this.#heardAtMs.keys()) this.#mesh().send(member, { kind: 'leave' });
  }

  #beat(): void {
    this.#reach();
    if (this.#view.length > 0) this.#known.strikeOff(this.#present, this.#clock.monotonicMs());
    if (!this.#look()) this.#tellAll();
    this.#cancelBeat = this.#clock.after(beatEveryMs, () => {
      this.#beat();
    });
  }

  #reach(): void {
    const reached = new Set([...this.#present, ...this.#known.addresses]);
    reached.delete(this.#own.address);
    this.#mesh().reach([...reached]);
  }

  /** Addresses of members that somebody hears. */
  get #present(): readonly string[] {
    return [...this.#rows.values()].map(({ row }) => row.address);
  }

  /** Looks at who is in touch; tells everybody when something has changed, and gives whether it has. */
  #look(): boolean {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, { atMs }] of this.#rows) if (nowMs - atMs > silenceMsMax) this.#rows.delete(id);
    for (const [id, atMs] of this.#heardAtMs) {
      if (nowMs - atMs <= silenceMsMax) continue;
      this.#heardAtMs.delete(id);
      this.#mesh().drop(id);
    }
    const heardBefore = viewName(this.#own.hears);
    this.#own = { ...this.#own, hears: [...this.#heardAtMs.keys()].toSorted() };
    const view = this.#viewNow();
    const isNewView = viewName(view) !== viewName(this.#view);
    if (!isNewView && viewName(this.#own.hears) === heardBefore) return false;
    if (isNewView) {
      this.#view = view;
      for (const id of view) this.#known.join(this.#rows.get(id)?.row.address ?? this.#own.address);
      this.#epoch += 1;
      this.clusterClock.serves(view.length > 0);
      this.#own = { ...this.#own, settled: view.length > 0 };
    }
    this.#tellAll();
    if (isNewView) this.#events.viewChanged();
    return true;
  }

  #viewNow(): readonly GatewayId[] {
    const { self, onLostMajority } = this.#settings;
    // Who counts with us now belongs to a view, whether or not its own word of that has come.
    const settled = new Set(this.#view);
    const rows = new Map<GatewayId, Row>(
      [...this.#rows].map(([id, { row }]) => [id, settled.has(id) ? { ...row, settled: true } : row]),
    );
    rows.set(self.id, this.#own);
    const inTouch = membersInTouch(rows);
    const addresses = inTouch.map((id) => rows.get(id)?.address ?? '');
    if (inTouch.includes(self.id) && this.#known.isMajority(addresses)) return inTouch;
    if (onLostMajority === 'share') return [];
    if (!inTouch.includes(self.id)) for (const id of inTouch) rows.delete(id);
    return membersInTouch(rows);
  }

  #tellAll(): void {
    // The number is also when it was said: whoever passes it on tells us how old its own word is at most.
    this.#own = { ...this.#own, number: Math.max(this.#own.number + 1, this.#clock.monotonicMs()) };
    const word = this.#word();
    for (const member of this.#heardAtMs.keys()) this.#mesh().send(member, word);
  }

  #word(): Beat {
    const rows = [...this.#rows].map(([id, { row }]): [GatewayId, Row] => [id, row]);
    return {
      kind: 'beat',
      epoch: this.#epoch,
      view: this.#view,
      rows: [[this.#settings.self.id, this.#own], ...rows],
      known: this.#known.all,
      time: this.clusterClock.told,
    };
  }
}
