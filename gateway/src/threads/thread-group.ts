import type { MessagePort } from 'node:worker_threads';
import type { GatewayStatus } from '../admin/readiness.ts';
import type { Config } from '../config/config.ts';
import { gatewayId } from '../gateway-thread.ts';
import { textFetcher } from '../identity/fetch-text.ts';
import type { FetchText } from '../identity/jwks-source.ts';
import { SharedTexts } from '../identity/shared-texts.ts';
import type { Clock } from '../limits/clock.ts';
import type { ListenerPorts } from '../proxy/listeners.ts';
import { restartNeeded, takenOver } from '../restart-needed.ts';
import { CombinedMetrics, type MetricsSnapshot } from './combined-metrics.ts';
import { SupervisedThread } from './supervised-thread.ts';
import type { ThreadStart } from './thread-messages.ts';

export interface GroupParts {
  readonly config: Config;
  readonly threads: number;
  readonly clock: Clock;
  /** A new way to the counters, or none where they are outside of this process: then each thread has its own. */
  readonly storePort: () => MessagePort | undefined;
  readonly log: (batch: string, lines: number) => void;
  readonly report: (line: string) => void;
}

const ownCountersMsMin = 1000;

/** The threads of a gateway, together: on one port, by one configuration, as one to whoever looks at them. */
export class ThreadGroup {
  readonly #parts: GroupParts;
  readonly #all: readonly SupervisedThread[];
  readonly #metrics = new CombinedMetrics();
  #config: Config;
  #isDraining = false;

  constructor(parts: GroupParts) {
    const { clock, log, report, threads } = parts;
    this.#parts = parts;
    this.#config = parts.config;
    const texts = new SharedTexts(clock, textFetcher(clock));
    const fetchText: FetchText = (url) => texts.fetch(url);
    this.#all = Array.from({ length: threads }, (_, index) => {
      const number = index + 1;
      const startFor = (ports: ListenerPorts): ThreadStart => this.#startFor(number, ports);
      const ended = (measured: MetricsSnapshot): void => this.#metrics.threadEnded(measured);
      return new SupervisedThread(number, { clock, startFor, log, report, fetchText, ended });
    });
  }

  /** Starts all; a free port that the first one finds is then the port of all of them. */
  async start(ports: ListenerPorts): Promise<ListenerPorts> {
    const [first, ...others] = ports.http === 0 || ports.https === 0 ? this.#all : [];
    const shared = (await first?.start(ports)) ?? ports;
    await Promise.all((first === undefined ? this.#all : others).map((thread) => thread.start(shared)));
    return shared;
  }

  /** A thread that doesn't serve is enough for a gateway not to be ready: its clients would wait for it. */
  async status(): Promise<GatewayStatus> {
    const each = await Promise.all(this.#all.map((thread) => thread.status()));
    return {
      serving: each.every(({ serving }) => serving),
      draining: this.#isDraining,
      storeUp: each.every(({ storeUp }) => storeUp),
      apis: this.#config.apis.length,
      gateways: Math.max(...each.map(({ gateways }) => gateways)),
      threads: each.map(({ state }) => state),
    };
  }

  /** Prometheus text; `more` is what was measured beside the threads. */
  async metrics(more: MetricsSnapshot): Promise<string> {
    return this.#metrics.text([...(await Promise.all(this.#all.map((thread) => thread.metrics()))), more]);
  }

  /** All go by another configuration, or none does; gives what takes a restart, in words. */
  async reload(changed: Config): Promise<readonly string[]> {
    const { config } = this.#parts;
    const next = takenOver(config, changed);
    const own = this.#partOf(next);
    const ready = await Promise.all(this.#all.map((thread) => thread.prepare(own)));
    if (ready.includes(false)) throw new Error('not every thread can go by the configuration');
    this.#config = next;
    await Promise.all(this.#all.map((thread) => thread.commit(own)));
    return restartNeeded(config, changed);
  }

  async close(): Promise<void> {
    this.#isDraining = true;
    await Promise.all(this.#all.map((thread) => thread.close()));
  }

  #startFor(number: number, ports: ListenerPorts): ThreadStart {
    const { threads, storePort } = this.#parts;
    return {
      config: this.#partOf(this.#config),
      gateway: gatewayId(`${this.#config.gateway.id}#${number}`),
      ports,
      threads,
      storePort: storePort(),
    };
  }

  /**
   * What is bounded for the whole gateway is bounded to a part of it for each thread. Counters in this process' own memory are never
   * away, at most busy: whoever decided without them would admit too much.
   */
  #partOf(config: Config): Config {
    const { gateway, store } = config;
    const deadlineMsMin = store.kind === 'memory' ? ownCountersMsMin : 0;
    const claimDeadlineMs = Math.max(gateway.claimDeadlineMs, deadlineMsMin);
    const { bounds } = config.backends;
    const part = (whole: number): number => Math.max(1, Math.floor(whole / this.#parts.threads));
    const { connectionsMax, waitingMax } = bounds;
    const own = { ...bounds, connectionsMax: part(connectionsMax), waitingMax: part(waitingMax) };
    return {
      ...config,
      gateway: { ...gateway, claimDeadlineMs },
      backends: { ...config.backends, bounds: own },
    };
  }
}
