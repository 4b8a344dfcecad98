import type { Redis } from 'ioredis';
import type { Clock } from '../../limits/clock.ts';
import { StoreError } from '../../limits/counter-store.ts';
import { failed, isReply, redirectionIn } from './ask.ts';
import type { ClusterAddress } from './cluster-primaries.ts';
import { connectPlain, untilConnected } from './connect.ts';
import { keySlot } from './key-slot.ts';
import { endpointOf, nodeName } from './slot-map.ts';

/** A question may go to so many nodes, besides those that are named first. */
const redirectionsMax = 5;
/** While a slot moves, the keys of a question may be on two nodes. */
const tryAgainMs = 50;

interface Node {
  readonly name: string;
  readonly redis: Redis;
  /** Its first connection stands, or has failed. */
  readonly connected: Promise<void>;
  asked: number;
  lastError: string;
}

interface Destination {
  readonly name: string;
  /** It takes over the slot and hasn't got it yet. */
  readonly asking: boolean;
}

interface Failure {
  readonly error: unknown;
  readonly node: Node;
  /** Whether the node may have got the question. */
  readonly isAsked: boolean;
  /** Whose turn it was. Of many that fail at once, one passes it on. */
  readonly turn: number;
}

/**
 * Asks the primaries of a Redis Cluster about single keys, far from claims: knows only who answered for a slot last. Where that is
 * nobody, or it fails, one of the configured nodes is asked, in turn, and says who it is. A question is sent again only where a node has
 * certainly not executed it. A node that owes an answer too long is left, as a replica may have taken over from it.
 */
export class SlotOwners {
  readonly #address: ClusterAddress;
  readonly #clock: Clock;
  /** Those that are being asked, and those that have a slot. */
  readonly #nodes = new Map<string, Node>();
  readonly #owners = new Map<number, string>();
  #turn = 0;
  #isClosed = false;

  constructor(address: ClusterAddress, clock: Clock) {
    this.#address = address;
    this.#clock = clock;
  }

  /** Rejects with `StoreError`. No node is asked any more after `silenceMsMax`; the last one may take that long again. */
  async ask<T>(key: string, question: (redis: Redis) => Promise<T>): Promise<T> {
    const slot = keySlot(key);
    const lastMs = this.#clock.monotonicMs() + this.#address.silenceMsMax;
    const hopsMax = redirectionsMax + this.#address.nodes.length;
    let to = this.#home(slot);
    /** Tells more than where others have sent us. */
    let unreached: Failure | undefined;
    for (let hops = 1; ;) {
      const outcome = await this.#askAt(to, slot, question);
      if ('answer' in outcome) return outcome.answer;
      if (!outcome.isAsked) unreached = outcome;
      const isTryAgain = isReply(outcome.error) && outcome.error.message.startsWith('TRYAGAIN');
      const next = isTryAgain ? this.#home(slot) : this.#next(slot, outcome);
      if (next === undefined) throw errorOf(outcome);
      if (hops >= hopsMax || this.#clock.monotonicMs() >= lastMs) throw errorOf(unreached ?? outcome);
      if (isTryAgain) await new Promise<void>((resolve) => void this.#clock.after(tryAgainMs, resolve));
      else hops += 1;
      to = next;
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const { redis } of this.#nodes.values()) redis.disconnect();
  }

  /** Where to begin. */
  #home(slot: number): Destination {
    const { nodes } = this.#address;
    const first = nodes[this.#turn % nodes.length];
    const name = this.#owners.get(slot) ?? (first && nodeName(first));
    if (name === undefined) throw new StoreError('no node of the cluster is known');
    return { name, asking: false };
  }

  async #askAt<T>(
    { name, asking }: Destination,
    slot: number,
    question: (redis: Redis) => Promise<T>,
  ): Promise<{ readonly answer: T } | Failure> {
    const node = this.#node(name);
    const { redis } = node;
    const turn = this.#turn;
    node.asked += 1;
    let isAsked = false;
    try {
      await node.connected;
      if (redis.status !== 'ready') throw new StoreError('no connection to Redis');
      isAsked = true;
      // Both are written at once, in this order; what fails one fails the other.
      const asked = asking ? redis.asking() : undefined;
      const [answer] = await Promise.all([question(redis), asked]);
      if (!asking) this.#answered(slot, name);
      return { answer };
    } catch (error) {
      if (!isReply(error)) this.#leave(node);
      return { error, node, isAsked, turn };
    } finally {
      node.asked -= 1;
      this.#dismiss(name);
    }
  }

  /** Who can be asked instead; nobody where the question may have been executed, or would fail again. */
  #next(slot: number, { error, node, isAsked, turn }: Failure): Destination | undefined {
    const redirection = redirectionIn(error);
    if (redirection === undefined) {
      if (isReply(error) && !saysItIsAway(error)) return undefined;
      this.#forget(slot);
      if (this.#turn === turn) this.#turn += 1;
      return isAsked ? undefined : this.#home(slot);
    }
    const { kind, host, port } = redirection;
    if (kind === 'moved') this.#forget(slot);
    const name = nodeName({ host: host === '' ? endpointOf(node.name).host : host, port });
    return { name, asking: kind === 'ask' };
  }

  #node(name: string): Node {
    if (this.#isClosed) throw new StoreError('the connections to Redis are closed');
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const redis = connectPlain({ ...this.#address, ...endpointOf(name) });
    const node: Node = { name, redis, connected: untilConnected(redis), asked: 0, lastError: '' };
    redis.on('error', (error: Error) => {
      node.lastError = error.message;
    });
    this.#nodes.set(name, node);
    return node;
  }

  #answered(slot: number, name: string): void {
    if (this.#owners.get(slot) === name) return;
    this.#forget(slot);
    this.#owners.set(slot, name);
  }

  #forget(slot: number): void {
    const name = this.#owners.get(slot);
    this.#owners.delete(slot);
    if (name !== undefined) this.#dismiss(name);
  }

  /** What comes next on its connection can't be trusted. */
  #leave(node: Node): void {
    node.redis.disconnect();
    if (this.#nodes.get(node.name) === node) this.#nodes.delete(node.name);
  }

  /** Who isn't asked and has no slot needs no connection. */
  #dismiss(name: string): void {
    const node = this.#nodes.get(name);
    if (node === undefined || node.asked > 0 || [...this.#owners.values()].includes(name)) return;
    this.#leave(node);
  }
}

/** Another node may know better who has the slot. */
function saysItIsAway({ message }: Error): boolean {
  return /^(?:CLUSTERDOWN|MASTERDOWN|LOADING|READONLY)\b/.test(message);
}

function errorOf({ error, node, isAsked }: Failure): StoreError {
  if (redirectionIn(error) !== undefined)
    return new StoreError('the nodes of the cluster send a question to and fro', { cause: error });
  const why = node.lastError === '' ? '' : `: ${node.lastError}`;
  if (!isAsked) return new StoreError(`no connection to the node at ${node.name}${why}`, { cause: error });
  return failed(node.redis, error, `the node at ${node.name}${isReply(error) ? '' : why}`);
}
