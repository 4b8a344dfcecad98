import { existsSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const sampleEveryMs = 50;

/**
 * What the machine, not a gateway, adds to waits: how late timers are in this process, which does next to nothing, and how long
 * gateways stood ready to run without being given a processor (Linux tells; elsewhere that part is 0).
 */
export class MachineLag {
  readonly #delay = monitorEventLoopDelay({ resolution: 2 });
  readonly #pids: () => readonly (number | undefined)[];
  readonly #waitedMs = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;
  #longestMs = 0;

  constructor(pids: () => readonly (number | undefined)[]) {
    this.#pids = pids;
    this.#delay.enable();
    this.#timer = setInterval(() => this.#sample(), sampleEveryMs);
  }

  /** Ends the measurement; gives the longer of late timers (p99.9) and the longest wait for a processor between two samples, in ms. */
  end(): number {
    clearInterval(this.#timer);
    this.#delay.disable();
    return Math.ceil(Math.max(this.#delay.percentile(99.9) / 1e6, this.#longestMs));
  }

  #sample(): void {
    for (const pid of this.#pids()) {
      const path = `/proc/${pid}/schedstat`;
      if (pid === undefined || !existsSync(path)) continue;
      const [, waitedNs = '0'] = readFileSync(path, 'utf8').split(' ');
      const waitedMs = Number(waitedNs) / 1e6;
      this.#longestMs = Math.max(this.#longestMs, waitedMs - (this.#waitedMs.get(pid) ?? waitedMs));
      this.#waitedMs.set(pid, waitedMs);
    }
  }
}
