import type { Claim, Grant } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError, type CounterStore } from '../../limits/counter-store.ts';
import type { Ledger } from '../../limits/ledger.ts';
import { redirectionIn, failed } from './ask.ts';
import type { RunOutcome, ScriptRun } from './claim-pipeline.ts';
import type { ClusterPrimaries, ClusterPrimary } from './cluster-primaries.ts';
import { ledgerOf, redisKey, settleArguments } from './codec.ts';
import { untilConnected } from './connect.ts';
import { keySlot } from './key-slot.ts';
import { NewerLedgerWatch } from './newer-ledger.ts';
import { endpointOf, nodeName } from './slot-map.ts';

/** A node may send a claim on to another one so often. */
const redirectionsMax = 5;

/** The claims of one counter, in the order of the call, and where they go. */
interface Parcel extends ScriptRun {
  readonly slot: number;
  readonly positions: readonly number[];
}

interface Destination {
  readonly primary: ClusterPrimary;
  /** It takes over the slot and hasn't got it yet. */
  readonly asking: boolean;
}

/**
 * Ledgers in a Redis Cluster, each on the primary that has its slot. The claims of one counter are one run of settle.lua, as the
 * keys of a run must share a slot; all runs of a call for one primary leave in one pipeline. Nothing needs to be atomic across
 * slots. A claim is sent again only where a node has said that another one must be asked, as then it has not been settled.
 */
export class ClusterStore implements CounterStore {
  readonly #primaries: ClusterPrimaries;
  readonly #nowMs: (() => number) | undefined;
  readonly #newer = new NewerLedgerWatch(async (key) => {
    const [format] = await this.#askOwner(key, (primary) => primary.redis.hmget(key, 'v'));
    return format;
  });

  /** `nowMs` replaces the nodes' clocks, for tests that need a virtual one. The store closes what it is given. */
  constructor(parts: { readonly primaries: ClusterPrimaries; readonly nowMs?: () => number }) {
    this.#primaries = parts.primaries;
    this.#nowMs = parts.nowMs;
  }

  async settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    await this.#primaries.firstContact;
    return this.#newer.settle(() => this.#settle(claims));
  }

  async #settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    const grants: Grant[] = [];
    let open = this.#parcels(claims).map((parcel) => ({ parcel, to: this.#home(parcel.slot) }));
    for (let hops = 0; open.length > 0; hops += 1) {
      if (hops > redirectionsMax) throw new StoreError('the nodes of the cluster send a claim to and fro');
      const outcomes = await this.#send(open);
      open = open.flatMap(({ parcel }, index) => {
        const outcome = outcomes[index];
        if (outcome === undefined) throw new StoreError('a node of the cluster has not answered');
        if (!(outcome.result instanceof Error)) {
          for (const [at, grant] of outcome.result.entries()) grants[parcel.positions[at] ?? 0] = grant;
          return [];
        }
        return { parcel, to: this.#redirected(outcome.result, outcome.by) };
      });
    }
    return grants;
  }

  async read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    const hashes = await this.#ofEach(keys, (primary, key) => primary.redis.hgetall(key));
    return hashes.map(ledgerOf);
  }

  async forget(keys: readonly CounterKey[]): Promise<void> {
    await this.#ofEach(keys, (primary, key) => primary.redis.unlink(key));
  }

  partOf(key: CounterKey): string | undefined {
    return this.#primaries.partOf(keySlot(clusterKey(key)));
  }

  close(): Promise<void> {
    return this.#primaries.close();
  }

  #parcels(claims: readonly Claim[]): readonly Parcel[] {
    const positions = new Map<CounterKey, number[]>();
    for (const [index, { key }] of claims.entries()) {
      const found = positions.get(key);
      if (found === undefined) positions.set(key, [index]);
      else found.push(index);
    }
    return [...positions].map(([counter, at]) => {
      const own = at.flatMap((index) => claims[index] ?? []);
      const key = clusterKey(counter);
      return {
        slot: keySlot(key),
        positions: at,
        claims: own.length,
        keys: own.map(() => key),
        args: settleArguments(own, this.#nowMs?.()),
      };
    });
  }

  #home(slot: number): Destination {
    const primary = this.#primaries.ofSlot(slot);
    if (primary !== undefined) return { primary, asking: false };
    void this.#primaries.refresh();
    throw new StoreError(`no primary is known for slot ${slot} (${this.#primaries.lastError})`);
  }

  /** One pipeline for each node; those that only take over slots are asked apart. Outcomes in the order given. */
  async #send(
    open: readonly { readonly parcel: Parcel; readonly to: Destination }[],
  ): Promise<readonly { readonly result: RunOutcome; readonly by: ClusterPrimary }[]> {
    const batches = new Map<string, { to: Destination; indices: number[] }>();
    for (const [index, { to }] of open.entries()) {
      const name = `${to.asking} ${to.primary.name}`;
      const batch = batches.get(name) ?? { to, indices: [] };
      batch.indices.push(index);
      batches.set(name, batch);
    }
    const outcomes: { result: RunOutcome; by: ClusterPrimary }[] = [];
    await Promise.all(
      [...batches.values()].map(async ({ to: { primary, asking }, indices }) => {
        const runs = indices.flatMap((index) => open[index]?.parcel ?? []);
        const results = await primary.claims.send(runs, { gateways: this.#primaries.gateways, asking });
        for (const [at, result] of results.entries()) outcomes[indices[at] ?? 0] = { result, by: primary };
      }),
    );
    return outcomes;
  }

  #redirected(error: Error, by: ClusterPrimary): Destination {
    const redirection = redirectionIn(error);
    if (redirection === undefined) {
      void this.#primaries.refresh();
      throw error;
    }
    const { kind, slot, host, port } = redirection;
    const name = nodeName({ host: host === '' ? endpointOf(by.name).host : host, port });
    if (kind === 'ask') return { primary: this.#primaries.named(name), asking: true };
    return { primary: this.#primaries.moved(slot, name), asking: false };
  }

  async #ofEach<T>(
    keys: readonly CounterKey[],
    ask: (primary: ClusterPrimary, key: string) => Promise<T>,
  ): Promise<readonly T[]> {
    await this.#primaries.firstContact;
    return Promise.all(
      keys.map((counter) => {
        const key = clusterKey(counter);
        return this.#askOwner(key, (primary) => ask(primary, key));
      }),
    );
  }

  /** One key at a time, for people: a node that sends elsewhere is followed as often as with claims. */
  async #askOwner<T>(key: string, ask: (primary: ClusterPrimary) => Promise<T>): Promise<T> {
    let to = this.#home(keySlot(key));
    for (let hops = 0; hops <= redirectionsMax; hops += 1) {
      const { primary, asking } = to;
      await untilConnected(primary.redis);
      try {
        // Both are written at once, in this order; what fails one fails the other.
        const asked = asking ? primary.redis.asking() : undefined;
        const [answer] = await Promise.all([ask(primary), asked]);
        return answer;
      } catch (error) {
        if (redirectionIn(error) === undefined) throw failed(primary.redis, error, this.#primaries.lastError);
        to = this.#redirected(error as Error, primary);
      }
    }
    throw new StoreError('the nodes of the cluster send a question to and fro');
  }
}

/**
 * Braces in a counter's name, such as those of a path template, would put all counters that share the part between them into one
 * slot. An empty pair before them makes Redis hash the whole key.
 */
function clusterKey(key: CounterKey): string {
  return key.includes('{') ? `sluice:{}:${key}` : redisKey(key);
}
