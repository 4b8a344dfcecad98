import type { Claim, Grant } from '../../src/limits/claim.ts';
import type { Clock } from '../../src/limits/clock.ts';
import type { CounterKey } from '../../src/limits/counter-key.ts';
import { StoreError, type CounterStore } from '../../src/limits/counter-store.ts';
import type { Ledger } from '../../src/limits/ledger.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';

/** A memory store whose network a test can break: claims may be answered, answered late, lost, or fail. */
export class ScriptedStore implements CounterStore {
  /** Claims of each call, in order. */
  readonly calls: (readonly Claim[])[] = [];
  /**
   * `lose-answer`: claims are settled but no answer comes; `lose`: they never arrive; `hold`: they are settled and
   * answered by `release`.
   */
  mode: 'answer' | 'lose' | 'lose-answer' | 'fail' | 'hold' = 'answer';
  readonly #inner: CounterStore;
  #held: (() => void)[] = [];

  constructor(inner: CounterStore) {
    this.#inner = inner;
  }

  /** A store of its own, on the clock's wall time. */
  static on(clock: Clock, gateways = 1): ScriptedStore {
    const settings = { nowMs: () => clock.wallMs(), gateways: () => gateways, ledgersMax: 10_000 };
    return new ScriptedStore(new MemoryStore(settings));
  }

  /** Another gateway's way to the same ledgers. */
  sibling(): ScriptedStore {
    return new ScriptedStore(this.#inner);
  }

  async settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    this.calls.push(claims);
    if (this.mode === 'fail') throw new StoreError('scripted failure');
    if (this.mode === 'lose') return new Promise(() => {});
    const grants = await this.#inner.settle(claims);
    if (this.mode === 'lose-answer') return new Promise(() => {});
    if (this.mode === 'hold') await new Promise<void>((resolve) => this.#held.push(resolve));
    return grants;
  }

  release(): void {
    for (const answer of this.#held) answer();
    this.#held = [];
  }

  read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    return this.#inner.read(keys);
  }

  forget(keys: readonly CounterKey[]): Promise<void> {
    return this.#inner.forget(keys);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async used(key: CounterKey): Promise<number> {
    const [ledger] = await this.read([key]);
    return ledger?.used ?? 0;
  }
}
