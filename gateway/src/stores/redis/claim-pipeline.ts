import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Grant } from '../../limits/claim.ts';
import { StoreError } from '../../limits/counter-store.ts';
import { failed, isUnknownScript, redirectionIn } from './ask.ts';
import { grantsOf } from './codec.ts';
import { scriptText, untilConnected } from './connect.ts';

/** What settle.lua is given in one run, for so many claims. */
export interface ScriptRun {
  readonly claims: number;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** What became of a run: the grants, or a redirection as it came, or why there are none. */
export type RunOutcome = readonly Grant[] | Error;

interface Lane {
  readonly redis: Redis;
  /** Pipelines that owe an answer. */
  busy: number;
  lastError: string;
}

/**
 * Sends runs of settle.lua to one primary, all those of a call in one pipeline. With `replicaWaitMs` they count only when a
 * replica has them within that time. WAIT concerns what its own connection wrote before, and keeps that connection waiting: so
 * it goes right behind the runs, and each pipeline takes the lane that owes the fewest answers.
 */
export class ClaimPipeline {
  readonly #lanes: readonly Lane[];
  readonly #replicaWaitMs: number | undefined;
  readonly #lua = scriptText('settle.lua');
  readonly #digest = createHash('sha1').update(this.#lua).digest('hex');

  constructor(parts: { readonly lanes: readonly Redis[]; readonly replicaWaitMs: number | undefined }) {
    this.#replicaWaitMs = parts.replicaWaitMs;
    this.#lanes = parts.lanes.map((redis) => {
      const lane: Lane = { redis, busy: 0, lastError: '' };
      redis.on('error', (error: Error) => (lane.lastError = error.message));
      redis.on('ready', () => (lane.lastError = ''));
      return lane;
    });
  }

  /** `asking` is for a node that takes over the slots of these runs and hasn't got them yet. */
  async send(
    runs: readonly ScriptRun[],
    { gateways, asking = false }: { readonly gateways: number; readonly asking?: boolean },
  ): Promise<readonly RunOutcome[]> {
    const lane = this.#freest();
    lane.busy += 1;
    try {
      await untilConnected(lane.redis);
      const replies = await this.#round(lane, runs, { asking, asText: false });
      const unknown = replies.flatMap((reply, index) => (isUnknownScript(reply) ? [index] : []));
      // A server that doesn't know the script hasn't run it.
      const again = runs.filter((_, index) => unknown.includes(index));
      const later = again.length === 0 ? [] : await this.#round(lane, again, { asking, asText: true });
      return runs.map(({ claims }, index) => {
        const at = unknown.indexOf(index);
        return outcomeOf(lane, at < 0 ? replies[index] : later[at], { claims, gateways });
      });
    } finally {
      lane.busy -= 1;
    }
  }

  close(): void {
    for (const { redis } of this.#lanes) redis.disconnect();
  }

  #freest(): Lane {
    const [first, ...others] = this.#lanes;
    if (first === undefined) throw new Error('a pipeline without lanes');
    const cost = ({ redis, busy }: Lane): number => (redis.status === 'ready' ? busy : busy + 1000);
    return others.reduce((best, lane) => (cost(lane) < cost(best) ? lane : best), first);
  }

  async #round(
    lane: Lane,
    runs: readonly ScriptRun[],
    { asking, asText }: { readonly asking: boolean; readonly asText: boolean },
  ): Promise<readonly unknown[]> {
    const pipeline = lane.redis.pipeline();
    for (const { keys, args } of runs) {
      if (asking) pipeline.asking();
      if (asText) pipeline.eval(this.#lua, keys.length, ...keys, ...args);
      else pipeline.evalsha(this.#digest, keys.length, ...keys, ...args);
    }
    if (this.#replicaWaitMs !== undefined) pipeline.wait(1, this.#replicaWaitMs);
    const answers = ((await pipeline.exec()) ?? []).map(([error, reply]) => error ?? reply);
    const unconfirmed = this.#unconfirmed(answers.at(-1));
    return runs.map((_, index) => {
      const answer = answers[asking ? 2 * index + 1 : index];
      return answer instanceof Error ? answer : (unconfirmed ?? answer);
    });
  }

  /** Why what was written doesn't count, if it doesn't. */
  #unconfirmed(waited: unknown): Error | undefined {
    if (this.#replicaWaitMs === undefined) return undefined;
    if (waited instanceof Error) return waited;
    if (typeof waited === 'number' && waited >= 1) return undefined;
    return new NoReplica(`no replica has confirmed the claims within ${this.#replicaWaitMs} ms`);
  }
}

/** The server is as it should be; it is the replicas that aren't. */
class NoReplica extends StoreError {}

function outcomeOf(
  { redis, lastError }: Lane,
  reply: unknown,
  asked: { readonly claims: number; readonly gateways: number },
): RunOutcome {
  if (reply instanceof NoReplica || redirectionIn(reply) !== undefined) return reply as Error;
  try {
    if (reply instanceof Error) throw reply;
    return grantsOf(reply, asked);
  } catch (error) {
    return failed(redis, error, lastError);
  }
}
