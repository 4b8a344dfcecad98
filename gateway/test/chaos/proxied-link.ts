import type { Socket } from 'node:net';
import type { Random } from '../support/random.ts';
import type { Disturbance, Way } from './fault-proxy.ts';

/** One connection through a fault proxy. */
export class ProxiedLink {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #lanes: Readonly<Record<Way, Lane>>;
  readonly #to: {
    readonly disturbance: () => Disturbance;
    readonly random: Random;
    readonly disturbed: () => void;
  };
  /** Ways on which bytes were lost: nothing gets through there any more. */
  readonly #lost = new Set<Way>();
  /** One side has closed, and the other is told when the way is free. */
  #endUntold = false;

  constructor(
    client: Socket,
    upstream: Socket,
    to: {
      readonly disturbance: () => Disturbance;
      readonly random: Random;
      readonly disturbed: () => void;
      readonly over: () => void;
    },
  ) {
    this.#client = client;
    this.#upstream = upstream;
    this.#to = to;
    this.#lanes = { 'to-server': new Lane(upstream), 'to-client': new Lane(client) };
    for (const [socket, way] of [
      [client, 'to-server'],
      [upstream, 'to-client'],
    ] as const) {
      socket.setNoDelay(true);
      socket.on('data', (chunk: Buffer) => this.#pass(chunk, way));
      // A broken connection is what this proxy is for; 'close' follows.
      socket.on('error', () => {});
      socket.on('close', () => {
        if (client.destroyed && upstream.destroyed) to.over();
        else this.#closed(way);
      });
    }
  }

  break(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  /** What was held goes on. */
  release(): void {
    if (this.#endUntold) this.break();
    for (const lane of Object.values(this.#lanes)) lane.release();
  }

  #pass(chunk: Buffer, way: Way): void {
    const now = this.#to.disturbance();
    if ('probability' in now && (now.bothWays === true || way === 'to-client')) {
      if (this.#to.random.chance(now.probability)) {
        this.#to.disturbed();
        this.#strike(now, chunk, this.#lanes[way].to);
        return;
      }
    }
    if (now.kind === 'swallow' && (now.only ?? way) === way) this.#lost.add(way);
    if (this.#lost.has(way)) this.#to.disturbed();
    else
      this.#lanes[way].send(chunk, now.kind === 'delay' ? now.delayMs : now.kind === 'hold' ? Infinity : 0);
  }

  #strike(how: Disturbance, chunk: Buffer, to: Socket): void {
    if (how.kind === 'garbage') to.write(this.#to.random.pick(how.of));
    else if (how.kind === 'cut') to.write(chunk.subarray(0, chunk.length / 2), () => this.break());
    else {
      this.#client.resetAndDestroy();
      this.#upstream.resetAndDestroy();
    }
  }

  /** An end is told the same way as bytes. */
  #closed(way: Way): void {
    const now = this.#to.disturbance();
    if (this.#lost.has(way)) return;
    if (now.kind === 'hold') this.#endUntold = true;
    else this.break();
  }
}

/** One direction of a connection: bytes keep their order when the delay changes. */
class Lane {
  readonly to: Socket;
  readonly #waiting: { dueMs: number; readonly chunk: Buffer }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(to: Socket) {
    this.to = to;
  }

  /** Forever, that is until `release`, with an infinite delay. */
  send(chunk: Buffer, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) {
      this.to.write(chunk);
      return;
    }
    const lastDueMs = this.#waiting.at(-1)?.dueMs ?? 0;
    this.#waiting.push({ dueMs: Math.max(lastDueMs, performance.now() + delayMs), chunk });
    this.#sendLater();
  }

  release(): void {
    const nowMs = performance.now();
    for (const one of this.#waiting) if (one.dueMs === Infinity) one.dueMs = nowMs;
    this.#sendLater();
  }

  #sendLater(): void {
    const [next] = this.#waiting;
    if (next === undefined || next.dueMs === Infinity || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#waiting.shift();
        this.to.write(next.chunk);
        this.#sendLater();
      },
      Math.max(0, next.dueMs - performance.now()),
    );
  }
}
