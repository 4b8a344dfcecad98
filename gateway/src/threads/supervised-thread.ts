import { stateOf, type ThreadState } from '../admin/readiness.ts';
import type { Config } from '../config/config.ts';
import type { ThreadStatus } from '../gateway-thread.ts';
import type { FetchText } from '../identity/jwks-source.ts';
import type { Clock } from '../limits/clock.ts';
import type { ListenerPorts } from '../proxy/listeners.ts';
import type { MetricsSnapshot } from './combined-metrics.ts';
import { ThreadHandle } from './thread-handle.ts';
import type { ThreadStart } from './thread-messages.ts';

export interface Supervision {
  readonly clock: Clock;
  /** What it starts with from now on: each time it is a new gateway. */
  readonly startFor: (ports: ListenerPorts) => ThreadStart;
  readonly log: (batch: string, lines: number) => void;
  readonly report: (line: string) => void;
  readonly fetchText: FetchText;
  /** It has ended, having measured this as far as is known. */
  readonly ended: (measured: MetricsSnapshot) => void;
}

/** A thread that serves answers sooner. */
const answerMsMax = 1000;
const reloadMsMax = 10_000;
const closeMsMax = 40_000;
const restartMsMin = 100;
const restartMsMax = 10_000;

/** One of the threads of a gateway. When it dies another takes its place: soon, and later if that dies as well. */
export class SupervisedThread {
  readonly #number: number;
  readonly #supervision: Supervision;
  #handle: ThreadHandle | undefined;
  /** Undefined until it has listened once. */
  #ports: ListenerPorts | undefined;
  #listensSinceMs: number | undefined;
  /** What has prepared the configuration that was asked for last. */
  #prepared: ThreadHandle | undefined;
  #isClosing = false;
  #restartMs = restartMsMin;
  #cancelRestart = (): void => {};
  #measured: MetricsSnapshot = [];

  constructor(number: number, supervision: Supervision) {
    this.#number = number;
    this.#supervision = supervision;
  }

  /** Starts it for the first time. Gives the ports; rejects when it ends before it listens. */
  async start(ports: ListenerPorts): Promise<ListenerPorts> {
    const listening = await this.#open(ports).listening;
    this.#ports = listening;
    return listening;
  }

  async status(): Promise<ThreadStatus & { readonly state: ThreadState }> {
    const draining = this.#isClosing;
    const serving = this.#listensSinceMs !== undefined;
    const status = serving ? await this.#handle?.ask({ kind: 'status' }, answerMsMax) : undefined;
    if (status !== undefined) return { ...status, state: stateOf(status) };
    const unknown = { serving: false, draining, storeUp: true, gateways: 0, apis: 0 };
    return { ...unknown, state: serving && this.#handle !== undefined ? 'silent' : stateOf(unknown) };
  }

  /** What it has measured; when it doesn't answer, what it answered last. */
  async metrics(): Promise<MetricsSnapshot> {
    const handle = this.#listensSinceMs === undefined ? undefined : this.#handle;
    const measured = await handle?.ask({ kind: 'metrics' }, answerMsMax);
    if (measured !== undefined && handle === this.#handle) this.#measured = measured;
    return this.#measured;
  }

  /** Whether it could go by a configuration. One that doesn't run now begins with the one that is in force then. */
  async prepare(config: Config): Promise<boolean> {
    const handle = this.#handle;
    const isReady = await handle?.ask({ kind: 'prepare', config }, reloadMsMax);
    this.#prepared = isReady === true ? handle : undefined;
    if (isReady === true || handle === undefined || handle !== this.#handle) return true;
    this.#report(isReady === false ? 'can not go by the configuration' : 'does not answer');
    return false;
  }

  /** Goes by what was prepared and is in force now. Should it fail, another takes its place, which begins with that. */
  async commit(config: Config): Promise<void> {
    // One that has begun meanwhile may have begun with the one before.
    if (this.#handle !== this.#prepared && !(await this.prepare(config))) return this.#handle?.end();
    const handle = this.#prepared;
    const isDone = await handle?.ask({ kind: 'commit' }, reloadMsMax);
    if (isDone === undefined && handle === this.#handle) await handle?.end();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#cancelRestart();
    const handle = this.#handle;
    const done = await handle?.ask({ kind: 'close' }, closeMsMax);
    if (done === undefined && this.#handle !== undefined) this.#report('does not end by itself');
    await handle?.end();
  }

  #open(ports: ListenerPorts): ThreadHandle {
    const { clock, startFor, log, fetchText } = this.#supervision;
    const handle = new ThreadHandle({
      name: `sluice ${this.#number}`,
      start: startFor(ports),
      clock,
      events: {
        log,
        fetchText,
        report: (line) => this.#report(line),
        ended: (why) => this.#ended(why),
      },
    });
    this.#handle = handle;
    handle.listening.then(
      () => {
        this.#listensSinceMs = clock.monotonicMs();
      },
      // `ended` follows.
      () => {},
    );
    return handle;
  }

  #ended(why: string): void {
    const { clock, ended } = this.#supervision;
    const servedMs = this.#listensSinceMs === undefined ? 0 : clock.monotonicMs() - this.#listensSinceMs;
    this.#handle = undefined;
    this.#listensSinceMs = undefined;
    ended(this.#measured);
    this.#measured = [];
    // Whoever starts it for the first time, or ends it, hears of it.
    const ports = this.#ports;
    if (ports === undefined || this.#isClosing) return;
    if (servedMs >= restartMsMax) this.#restartMs = restartMsMin;
    this.#report(`has ended, another takes its place in ${this.#restartMs} ms: ${why}`);
    this.#cancelRestart = clock.after(this.#restartMs, () => this.#open(ports));
    this.#restartMs = Math.min(2 * this.#restartMs, restartMsMax);
  }

  #report(line: string): void {
    this.#supervision.report(`thread ${this.#number}: ${line}`);
  }
}
