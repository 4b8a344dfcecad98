import type { Clock } from '../limits/clock.ts';

/** How much of a queue there may be, in all and of one owner. */
export interface QueueBounds {
  readonly runningMax: number;
  readonly runningOfOneMax: number;
  readonly waitingMax: number;
  readonly waitingOfOneMax: number;
}

type Job = () => Promise<void>;

interface Owner {
  readonly waiting: Job[];
  running: number;
}

/** Runs jobs, some at a time, each owner's in their order and owners in turn: slow ones hold up themselves. Jobs must not reject. */
export class FairQueue {
  readonly #bounds: QueueBounds;
  /** In the order of their turns. */
  readonly #owners = new Map<string, Owner>();
  #running = 0;
  #waiting = 0;
  #closed = false;
  readonly #whenIdle: (() => void)[] = [];

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  /** How many more jobs of an owner may come. */
  room(owner: string): number {
    if (this.#closed) return 0;
    const { waitingMax, waitingOfOneMax } = this.#bounds;
    const ofOwner = waitingOfOneMax - (this.#owners.get(owner)?.waiting.length ?? 0);
    return Math.max(0, Math.min(waitingMax - this.#waiting, ofOwner));
  }

  /** False when there is no room. */
  add(name: string, job: Job): boolean {
    if (this.room(name) === 0) return false;
    const owner = this.#owners.get(name) ?? { waiting: [], running: 0 };
    this.#owners.set(name, owner);
    owner.waiting.push(job);
    this.#waiting += 1;
    this.#next();
    return true;
  }

  /** Takes no more jobs; resolves when those that are here have ended, or after a while: what waits then never begins. */
  async drain(clock: Pick<Clock, 'after'>, msMax: number): Promise<void> {
    this.#closed = true;
    if (this.#owners.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(msMax, resolve);
      this.#whenIdle.push(() => {
        cancel();
        resolve();
      });
    });
    for (const [name, owner] of this.#owners) {
      owner.waiting.length = 0;
      if (owner.running === 0) this.#owners.delete(name);
    }
  }

  #next(): void {
    for (const [name, owner] of this.#owners) {
      if (this.#running >= this.#bounds.runningMax) return;
      if (owner.running >= this.#bounds.runningOfOneMax) continue;
      const job = owner.waiting.shift();
      if (job === undefined) continue;
      this.#owners.delete(name);
      this.#owners.set(name, owner);
      this.#waiting -= 1;
      this.#run(name, owner, job);
    }
  }

  #run(name: string, owner: Owner, job: Job): void {
    owner.running += 1;
    this.#running += 1;
    void job().finally(() => {
      owner.running -= 1;
      this.#running -= 1;
      if (owner.running === 0 && owner.waiting.length === 0) this.#owners.delete(name);
      this.#next();
      if (this.#owners.size === 0) for (const idle of this.#whenIdle.splice(0)) idle();
    });
  }
}
