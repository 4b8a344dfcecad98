import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError, type CounterStore, type StoreEvents } from '../../limits/counter-store.ts';
import type { Ledger } from '../../limits/ledger.ts';
import { LedgerShelf, type NamedLedger } from '../ledger-shelf.ts';
import { AskedClaims } from './asked-claims.ts';
import { ClusterClock } from './cluster-clock.ts';
import { Company } from './company.ts';
import { Handover } from './handover.ts';
import { LedgerReader } from './ledger-reader.ts';
import { Membership, type MembershipSettings } from './membership.ts';
import type { Mesh, MeshEvents } from './mesh.ts';
import { chunks, type Counting, type CountingBody, type Message } from './messages.ts';
import { Owner } from './owner.ts';
import { Owners } from './owners.ts';
import { StatedAccounts } from './stated-accounts.ts';

const ledgersMax = 1_000_000;
/**
 * Counters kept by the gateways themselves. Each has an owner among the members of the view, which settles claims on it, and a
 * backup. When the view changes everybody tells the new owners what it knows: copies of ledgers, and what it holds itself.
 * An owner that hasn't heard that from every member answers nothing. docs/decisions/0011.
 */
export class MembersStore implements CounterStore {
  readonly #self: GatewayId;
  readonly #events: StoreEvents;
  readonly #mesh: Mesh;
  readonly #membership: Membership;
  readonly #shelf: LedgerShelf;
  readonly #owner: Owner;
  readonly #asked: AskedClaims;
  readonly #stated: StatedAccounts;
  readonly #reader: LedgerReader;
  readonly #handover: Handover;
  readonly #company: Company;
  #owners: Owners | undefined;

  constructor(parts: {
    readonly settings: MembershipSettings;
    readonly clock: Clock;
    readonly clusterClock?: ClusterClock;
    readonly events: StoreEvents;
    readonly openMesh: (events: MeshEvents) => Mesh;
  }) {
    const { settings, clock, clusterClock = new ClusterClock(clock), events, openMesh } = parts;
    this.#self = settings.self.id;
    this.#events = events;
    this.#membership = new Membership({
      ...parts,
      clusterClock,
      events: { viewChanged: () => this.#enterView(), epochBegun: (member) => this.#meetEpoch(member) },
      mesh: () => this.#mesh,
    });
    const { nowMs } = clusterClock;
    this.#shelf = new LedgerShelf({ nowMs, gateways: () => this.#membership.view.length, ledgersMax });
    this.#stated = new StatedAccounts(() => clock.monotonicMs());
    this.#handover = new Handover({
      membership: this.#membership,
      shelf: this.#shelf,
      stated: this.#stated,
      send: (to, body) => this.#send(to, body),
    });
    this.#owner = new Owner({
      self: this.#self,
      shelf: this.#shelf,
      hasLearned: () => this.#handover.hasLearnedFrom(this.#others),
      sendCopies: (to, copies, id) => this.#sendCopies(to, copies, id),
    });
    this.#asked = new AskedClaims({
      monotonicMs: () => clock.monotonicMs(),
      ask: (owner, id, claims) => this.#ask(owner, id, claims),
      answered: (claim, grant, held) => this.#stated.answered(claim, grant, held),
    });
    this.#reader = new LedgerReader((owner, id, key) => this.#mesh.send(owner, { kind: 'read', id, key }));
    const inVain = (): void => events.gatewaysCounted(this.#membership.known);
    const gaveUp = (): void => this.#asked.giveUp(this.#membership.missing);
    this.#company = new Company(clock, { inVain, gaveUp });
    this.#mesh = openMesh({
      met: (member) => this.#membership.met(member),
      parted: (member) => this.#membership.parted(member),
      received: (from, message) => this.#receive(from, message),
    });
    // Whoever opens this store may not be able to hear from it yet.
    clock.atEndOfTurn(() => this.#membership.start());
  }

  async settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    await this.#company.opened;
    if (this.#company.isAlone) throw new StoreError(this.#membership.missing);
    return this.#asked.ask(claims, this.#owners);
  }

  async read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    await this.#company.opened;
    const owners = this.#owners;
    if (owners === undefined) throw new StoreError(this.#membership.missing);
    return Promise.all(
      keys.map(async (key) => {
        const { owner } = owners.of(key);
        return owner === this.#self ? this.#shelf.get(key)?.ledger : this.#reader.read(key, owner);
      }),
    );
  }

  async forget(keys: readonly CounterKey[]): Promise<void> {
    await this.#company.opened;
    for (const key of keys) this.#shelf.forget(key);
    for (const member of this.#others) this.#mesh.send(member, { kind: 'forget', keys });
  }

  async close(): Promise<void> {
    this.#membership.close();
    this.#company.close();
    this.#asked.giveUp('this gateway ends');
    this.#reader.giveUp('this gateway ends');
    await this.#mesh.close();
  }

  get #others(): readonly GatewayId[] {
    return this.#membership.view.filter((member) => member !== this.#self);
  }

  #enterView(): void {
    const { view } = this.#membership;
    this.#handover.begin();
    this.#reader.giveUp('the cluster has changed');
    this.#owners = view.length === 0 ? undefined : new Owners(view);
    this.#owner.enter(this.#owners);
    if (this.#owners === undefined) return this.#company.lost();
    this.#company.found();
    for (const claim of this.#stated.claims) {
      if (this.#owners.of(claim.key).owner === this.#self) this.#shelf.restate(claim);
    }
    this.#asked.reassign(this.#owners);
    for (const member of this.#others) this.#tell(member);
    this.#tryToServe();
  }

  #meetEpoch(member: GatewayId): void {
    if (!this.#membership.view.includes(member)) return;
    this.#owner.relearn(member);
    this.#tell(member);
    this.#tryToServe();
  }

  #tryToServe(): void {
    this.#owner.tryToServe();
    if (!this.#owner.serving) return;
    this.#company.serves();
    // Not sooner: a view that the others never shared, as while connections end one by one, would make shares larger.
    this.#events.gatewaysCounted(this.#membership.view.length);
  }

  #tell(member: GatewayId): void {
    if (this.#owners !== undefined && this.#handover.tell(member, this.#owners)) this.#asked.askAgain(member);
  }

  #ask(owner: GatewayId, id: number, claims: readonly Claim[]): void {
    if (owner === this.#self) {
      this.#owner.settle({ from: owner, claims, answer: (settlement) => this.#asked.answer(id, settlement) });
    } else if (this.#handover.hasTold(owner)) {
      this.#send(owner, { kind: 'settle', id, claims });
    }
  }

  #receive(from: GatewayId, message: Message): void {
    switch (message.kind) {
      case 'beat':
        this.#membership.heard(from, message);
        break;
      case 'leave':
        this.#membership.left(from);
        break;
      case 'read':
        this.#mesh.send(from, {
          kind: 'ledger',
          id: message.id,
          ledger: this.#shelf.get(message.key)?.ledger,
        });
        break;
      case 'ledger':
        this.#reader.answer(message.id, message.ledger);
        break;
      case 'forget':
        for (const key of message.keys) this.#shelf.forget(key);
        break;
      case 'copies':
      case 'kept':
      case 'restate':
      case 'synced':
      case 'settle':
      case 'granted':
      case 'failed':
        // What was said in another epoch no longer holds: whoever said it says it anew.
        if (message.yours !== this.#membership.epoch || message.mine !== this.#membership.epochOf(from))
          break;
        this.#count(from, message);
    }
  }

  #count(from: GatewayId, message: Counting): void {
    switch (message.kind) {
      case 'copies':
        for (const copy of message.copies) this.#shelf.merge(copy);
        if (message.id !== undefined) this.#send(from, { kind: 'kept', id: message.id });
        break;
      case 'kept':
        this.#owner.kept(from, message.id);
        break;
      case 'restate':
        for (const claim of message.claims) this.#shelf.restate(claim);
        break;
      case 'synced':
        this.#handover.learned(from, message.mine);
        this.#tryToServe();
        break;
      case 'settle':
        this.#settleFor(from, message.id, message.claims);
        break;
      case 'granted':
      case 'failed':
        this.#asked.answer(message.id, message);
    }
  }

  #settleFor(from: GatewayId, id: number, claims: readonly Claim[]): void {
    this.#owner.settle({
      from,
      claims,
      answer: (settlement) => {
        if ('why' in settlement) this.#send(from, { kind: 'failed', id, why: settlement.why });
        else this.#send(from, { kind: 'granted', id, ...settlement });
      },
    });
  }

  #sendCopies(to: GatewayId, named: readonly NamedLedger[], id?: number): void {
    for (const copies of chunks(named)) this.#send(to, { kind: 'copies', id, copies });
  }

  #send(to: GatewayId, body: CountingBody): void {
    const yours = this.#membership.lastEpochOf(to);
    if (yours === undefined) return;
    this.#mesh.send(to, { ...body, mine: this.#membership.epoch, yours });
  }
}
