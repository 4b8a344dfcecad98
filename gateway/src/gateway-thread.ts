import { randomBytes } from 'node:crypto';
import type { Registry } from '@prometheus-io/client';
import type { BackendSender } from './backends/backend-call.ts';
import { Backends } from './backends/backends.ts';
import type { Config } from './config/config.ts';
import { makeStringsFast } from './fast-strings.ts';
import { textFetcher } from './identity/fetch-text.ts';
import type { FetchText } from './identity/jwks-source.ts';
import { TokenShelf } from './identity/token-shelf.ts';
import { Limiter } from './limiter/limiter.ts';
import { limiterGauges, limiterMetrics } from './limiter-metrics.ts';
import type { GatewayId } from './limits/claim.ts';
import type { CounterStore, StoreEvents } from './limits/counter-store.ts';
import { exchangeMetrics } from './metrics.ts';
import { answerUnread, handle, type DataPlane } from './proxy/handle.ts';
import type { Exchange } from './proxy/exchange.ts';
import type { ExchangeRecorder } from './proxy/observe.ts';
import type { Refusal } from './proxy/refusal.ts';
import { startListeners, type ListenerPorts, type Listeners } from './proxy/listeners.ts';
import { compileServing, type Serving } from './proxy/serving.ts';
import { stopwatchMs, systemClock as clock } from './system-clock.ts';
import { openHub } from './open-hub.ts';
import type { Hub } from './websub/hub.ts';

export interface ThreadParts {
  readonly config: Config;
  /** To the ledgers a gateway of its own. */
  readonly gateway: GatewayId;
  /** How many threads serve beside each other, this one included. */
  readonly threads: number;
  readonly openStore: (events: StoreEvents) => Promise<CounterStore>;
  readonly accessLog: ExchangeRecorder;
  readonly registry: Registry;
  /** Takes lines for people. */
  readonly report: (line: string) => void;
  /** How issuers' keys are fetched, if not by this thread. */
  readonly fetchText?: FetchText;
}

const drainMsMax = 30_000;
/** Events that are on their way when requests have ended. */
const deliveriesDrainMsMax = 5000;
/** A store that is away delays the start by no more than this. */
const firstContactMsMax = 2000;

/** What serves requests in one thread: a limiter, connections to backends, and the clients' listener. */
export class GatewayThread {
  readonly #parts: ThreadParts;
  readonly #limiter: Limiter;
  readonly #backends: Backends;
  readonly #tokens: TokenShelf;
  readonly #recorders: readonly ExchangeRecorder[];
  #config: Config;
  #serving: Serving;
  #listeners: Listeners | undefined;
  #isDraining = false;
  /** Opened when some API is of type WEBSUB for the first time. */
  #hub: Hub | undefined;

  private constructor(parts: ThreadParts, limiter: Limiter) {
    const { config, registry, accessLog } = parts;
    this.#parts = parts;
    this.#limiter = limiter;
    const { report, fetchText = textFetcher(clock) } = parts;
    this.#tokens = new TokenShelf(clock, { report, fetchText });
    this.#backends = new Backends(clock, config.backends);
    this.#recorders = [exchangeMetrics(registry), accessLog];
    this.#config = config;
    this.#serving = compileServing(config, this.#backends, this.#tokens);
    this.#keepHub(config);
  }

  /** Opens the store; nobody is served yet. */
  static async open(parts: ThreadParts): Promise<GatewayThread> {
    return new GatewayThread(parts, await openLimiter(parts));
  }

  get status(): ThreadStatus {
    const { storeUp, gateways } = this.#limiter.state;
    const serving = this.#listeners !== undefined;
    return { serving, draining: this.#isDraining, storeUp, gateways, apis: this.#config.apis.length };
  }

  /** Waits for the store, but not for long; then listens, and gives the ports. Rejects when one can't be had. */
  async serve(ports: ListenerPorts): Promise<ListenerPorts> {
    await this.#limiter.open(firstContactMsMax);
    makeStringsFast();
    const { config, threads, report } = this.#parts;
    const plane: DataPlane = {
      serving: () => this.#serving,
      admission: this.#limiter,
      hub: () => this.#hub,
      clock,
      stopwatchMs,
      recorders: this.#recorders,
      reportBug: (error) => report(bugLine(error)),
    };
    const { host, https } = config.listener;
    const options = {
      host,
      https,
      isShared: threads > 1,
      clock,
      stopwatchMs,
      handle: (exchange: Exchange) => handle(exchange, plane),
      answerTo: (refusal: Refusal) => answerUnread(refusal, plane),
    };
    this.#listeners = await startListeners(options, ports);
    return this.#listeners.ports;
  }

  /**
   * What it gives, once called, has it go by another configuration from the next request on, as far as that needs no restart. Throws
   * when it can't; until the call nothing has changed.
   */
  prepare(config: Config): () => void {
    const { https } = config.listener;
    const renew = https && this.#listeners?.renewal(https);
    const serving = compileServing(config, this.#backends, this.#tokens);
    return () => {
      renew?.();
      // Requests that wait for the limiter are still on their way to backends of the configuration before.
      this.#backends.forgetOthers(new Set([...poolsOf(this.#serving), ...poolsOf(serving)]));
      this.#serving = serving;
      this.#config = config;
      this.#keepHub(config);
    };
  }

  /** Refuses new connections and ends running requests. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#listeners?.drain(drainMsMax);
    await this.#hub?.close(deliveriesDrainMsMax);
    this.#backends.close();
  }

  #keepHub(config: Config): void {
    if (this.#hub === undefined && config.apis.some(({ webSub }) => webSub)) {
      const { registry, report } = this.#parts;
      const reportBug = (error: unknown): void => report(bugLine(error));
      this.#hub = openHub(config, { clock, registry, report, reportBug });
    }
    this.#hub?.allow(config.webSub);
  }

  /** Gives leases back. Requests must have ended before. */
  async close(): Promise<void> {
    await this.#hub?.close(0);
    await this.#limiter.close();
  }
}

export interface ThreadStatus {
  readonly serving: boolean;
  readonly draining: boolean;
  readonly storeUp: boolean;
  readonly gateways: number;
  readonly apis: number;
}

/** Each start is a new gateway to the ledgers: what an earlier process of the same name held is not ours. */
export function gatewayId(name: string): GatewayId {
  return `${name}-${randomBytes(6).toString('hex')}` as GatewayId;
}

/** What should not have happened, in words for people. */
export function bugLine(error: unknown): string {
  return `bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function* poolsOf({ destinations }: Serving): Iterable<BackendSender> {
  for (const { pool } of destinations.values()) yield pool;
}

async function openLimiter(parts: ThreadParts): Promise<Limiter> {
  const { config, gateway, threads, openStore, registry, report } = parts;
  const events: StoreEvents = {
    lossSuspected: () => limiter.lossSuspected(),
    gatewaysCounted: (gateways) => limiter.gatewaysCounted(gateways),
  };
  const store = await openStore(events);
  const limiter: Limiter = new Limiter({
    store,
    clock,
    settings: {
      gateway,
      claimDeadlineMs: config.gateway.claimDeadlineMs,
      gatewaysMin: config.gateway.countMin * threads,
      onStoreFailure: config.onStoreFailure,
      leases: config.leases,
    },
    recorder: limiterMetrics(registry, report),
  });
  limiterGauges(registry, limiter);
  return limiter;
}
