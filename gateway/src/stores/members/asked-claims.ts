import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import { StoreError } from '../../limits/counter-store.ts';
import type { Settlement } from './owner.ts';
import type { Owners } from './owners.ts';

/** One call of settle(): claims for several owners, answered together. */
interface Call {
  readonly grants: (Grant | undefined)[];
  readonly sinceMs: number;
  unanswered: number;
  readonly resolve: (grants: readonly Grant[]) => void;
  readonly reject: (error: StoreError) => void;
}

/** A claim, and where its grant belongs in the call. */
type Placed = readonly [number, Claim];

/** Claims of one call for one owner. */
interface Part {
  readonly call: Call;
  readonly placed: readonly Placed[];
  /** None while there is no view: whoever owns them in the next one is asked. */
  readonly owner: GatewayId | undefined;
}

export interface AskedPorts {
  readonly monotonicMs: () => number;
  /** Asks an owner, when it can be asked already; else `askAgain` follows. */
  readonly ask: (owner: GatewayId, id: number, claims: readonly Claim[]) => void;
  readonly answered: (claim: Claim, grant: Grant, held: number) => void;
}

const unansweredMax = 10_000;
/** Nobody waits so long for an answer. */
const waitMsMax = 1000;

/**
 * The claims of this gateway that no owner has answered yet. When the owner changes they are asked anew: a ledger knows by the
 * claim's number whether it has settled it before.
 */
export class AskedClaims {
  readonly #ports: AskedPorts;
  readonly #parts = new Map<number, Part>();
  #lastId = 0;

  constructor(ports: AskedPorts) {
    this.#ports = ports;
  }

  /** Without owners the claims wait for them. */
  ask(claims: readonly Claim[], owners: Owners | undefined): Promise<readonly Grant[]> {
    this.#giveUpOld();
    if (this.#parts.size >= unansweredMax) throw new StoreError('the cluster owes too many answers');
    if (claims.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const grants: undefined[] = Array.from({ length: claims.length });
      const sinceMs = this.#ports.monotonicMs();
      const call: Call = { grants, sinceMs, unanswered: claims.length, resolve, reject };
      this.#askOwners(call, [...claims.entries()], owners);
    });
  }

  /** Asks everything that is unanswered of those who own it now. */
  reassign(owners: Owners): void {
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    for (const { call, placed } of parts) this.#askOwners(call, placed, owners);
  }

  /** Asks one owner again whatever it hasn't answered. */
  askAgain(owner: GatewayId): void {
    for (const [id, part] of this.#parts) if (part.owner === owner) this.#askPart(id, part);
  }

  answer(id: number, settlement: Settlement): void {
    const part = this.#parts.get(id);
    if (part === undefined) return;
    this.#parts.delete(id);
    const { call, placed } = part;
    if ('why' in settlement) {
      call.reject(new StoreError(`${part.owner ?? 'nobody'}: ${settlement.why}`));
      return;
    }
    for (const [at, [index, claim]] of placed.entries()) {
      const grant = settlement.grants[at];
      if (grant === undefined) {
        call.reject(new StoreError('an owner answered fewer claims than it was asked'));
        return;
      }
      this.#ports.answered(claim, grant, settlement.held[at] ?? 0);
      call.grants[index] = grant;
    }
    call.unanswered -= placed.length;
    if (call.unanswered === 0) call.resolve(call.grants as readonly Grant[]);
  }

  /** There is nobody to ask. */
  giveUp(why: string): void {
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    for (const { call } of parts) call.reject(new StoreError(why));
  }

  #askOwners(call: Call, placed: readonly Placed[], owners: Owners | undefined): void {
    for (const [owner, own] of Map.groupBy(placed, ([, { key }]) => owners?.of(key).owner)) {
      const part = { call, placed: own, owner };
      this.#lastId += 1;
      const id = this.#lastId;
      this.#parts.set(id, part);
      this.#askPart(id, part);
    }
  }

  #askPart(id: number, { owner, placed }: Part): void {
    const claims = placed.map(([, claim]) => claim);
    if (owner !== undefined) this.#ports.ask(owner, id, claims);
  }

  #giveUpOld(): void {
    const nowMs = this.#ports.monotonicMs();
    for (const [id, { call, owner }] of this.#parts) {
      if (nowMs - call.sinceMs <= waitMsMax) break;
      this.#parts.delete(id);
      call.reject(new StoreError(`${owner ?? 'nobody'} has not answered for ${waitMsMax} ms`));
    }
  }
}
