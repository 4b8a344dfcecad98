import type { Claim, Grant } from '../../limits/claim.ts';

/** A claim that says once more what the last answered one led to, and wants nothing. */
interface Stated {
  readonly restatement: Claim;
  readonly untilMs: number;
}

/** Looked at with each answer: the map is swept while it is used. */
const sweptPerAnswer = 4;

/** What the gateways that claim here have in their accounts by the owners' last answers: what a new owner must hear. */
export class StatedAccounts {
  readonly #nowMs: () => number;
  readonly #stated = new Map<string, Stated>();
  #sweep: MapIterator<[string, Stated]>;

  /** `nowMs`: a clock that never jumps. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#sweep = this.#stated.entries();
  }

  /** Takes in the answer to a claim; `held` is the account after it. */
  answered(claim: Claim, grant: Grant, held: number): void {
    const nowMs = this.#nowMs();
    this.#dropEnded(nowMs);
    const account = `${claim.gateway} ${claim.key}`;
    const before = this.#stated.get(account);
    // An answer may be overtaken by a later one's.
    if (grant.outcome === 'stale' || (before !== undefined && before.restatement.seq > claim.seq)) return;
    if (held === 0) {
      this.#stated.delete(account);
      return;
    }
    const restatement = { ...claim, window: grant.window, held, want: 0, atLeast: 0 };
    this.#stated.set(account, { restatement, untilMs: nowMs + grant.endsInMs });
  }

  /** What to state. */
  get claims(): readonly Claim[] {
    const nowMs = this.#nowMs();
    return [...this.#stated.values()]
      .filter(({ untilMs }) => nowMs < untilMs)
      .map(({ restatement }) => restatement);
  }

  #dropEnded(nowMs: number): void {
    for (let looked = 0; looked < sweptPerAnswer; looked += 1) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = this.#stated.entries();
        return;
      }
      const [account, { untilMs }] = next.value;
      if (nowMs >= untilMs) this.#stated.delete(account);
    }
  }
}
