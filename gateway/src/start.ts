import { randomBytes } from 'node:crypto';
import { Registry } from '@prometheus-io/client';
import { openAccessLog } from './access-log.ts';
import { startAdmin } from './admin/server.ts';
import { Backends } from './backends/backends.ts';
import type { Config } from './config/config.ts';
import { Limiter } from './limiter/limiter.ts';
import { limiterGauges, limiterMetrics } from './limiter-metrics.ts';
import type { GatewayId } from './limits/claim.ts';
import type { StoreEvents } from './limits/counter-store.ts';
import { accessLogMetrics, exchangeMetrics } from './metrics.ts';
import { answerUnread, handle, type DataPlane } from './proxy/handle.ts';
import type { ExchangeRecorder } from './proxy/observe.ts';
import { startProxy, type Proxy } from './proxy/server.ts';
import { compileServing, type Serving } from './proxy/serving.ts';
import { restartNeeded } from './restart-needed.ts';
import { openStore } from './stores/open-store.ts';
import { stopwatchMs, systemClock as clock } from './system-clock.ts';

/** A gateway that serves. */
export interface RunningGateway {
  readonly port: number;
  readonly adminPort: number;
  /**
   * Goes by another configuration from the next request on; counters go on counting. Gives what differs that only a restart can
   * change, in words: that stays as it was.
   */
  reload(config: Config): readonly string[];
  /** Refuses new connections, ends running requests, gives leases back, and closes everything in reverse order. */
  close(): Promise<void>;
}

const drainMsMax = 30_000;
/** A store that is away delays the start by no more than this. */
const firstContactMsMax = 2000;

/**
 * The composition root: configuration → store → limiter → admin listener → data plane. `report` gets lines for people.
 * Rejects when a port can't be had; a store that is away doesn't keep a gateway from starting.
 */
export async function startGateway(config: Config, report: (line: string) => void): Promise<RunningGateway> {
  const reportBug = (error: unknown): void => {
    report(`bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  };
  const state = { serving: false, draining: false, apis: config.apis.length };
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    state.draining = true;
    for (const closeOne of closers.toReversed()) await closeOne();
  };
  try {
    const accessLog = openAccessLog('stdout');
    closers.push(() => accessLog.close());
    const registry = new Registry();
    const limiter = await openLimiter(config, registry, report);
    closers.push(() => limiter.close());
    const admin = await startAdmin({
      ...config.admin,
      status: () => ({ ...limiter.state, ...state }),
      metrics: { metrics: () => registry.metrics(), contentType: registry.contentType },
      reportBug,
    });
    closers.push(() => admin.close());
    const backends = new Backends(clock, config.backends);
    closers.push(async () => backends.close());
    accessLogMetrics(registry, accessLog);
    const recorders = [exchangeMetrics(registry), accessLog];
    await limiter.open(firstContactMsMax);
    let serving = compileServing(config, backends);
    const parts = { serving: () => serving, limiter, recorders, reportBug };
    const proxy = await startDataPlane(config, parts);
    closers.push(() => proxy.drain(drainMsMax));
    state.serving = true;
    const reload = (changed: Config): readonly string[] => {
      serving = compileServing(changed, backends);
      state.apis = changed.apis.length;
      return restartNeeded(config, changed);
    };
    return { port: proxy.port, adminPort: admin.port, reload, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openLimiter(
  config: Config,
  registry: Registry,
  report: (line: string) => void,
): Promise<Limiter> {
  const gateway = gatewayId(config.gateway.id);
  const { claimDeadlineMs } = config.gateway;
  const events: StoreEvents = {
    lossSuspected: () => limiter.lossSuspected(),
    gatewaysCounted: (gateways) => limiter.gatewaysCounted(gateways),
  };
  const store = await openStore(config.store, { gateway, clock, events, claimDeadlineMs, report });
  const limiter: Limiter = new Limiter({
    store,
    clock,
    settings: {
      gateway,
      claimDeadlineMs,
      gatewaysMin: config.gateway.countMin,
      onStoreFailure: config.onStoreFailure,
      leases: config.leases,
    },
    recorder: limiterMetrics(registry, report),
  });
  limiterGauges(registry, limiter);
  return limiter;
}

function startDataPlane(
  config: Config,
  parts: {
    readonly serving: () => Serving;
    readonly limiter: Limiter;
    readonly recorders: readonly ExchangeRecorder[];
    readonly reportBug: (error: unknown) => void;
  },
): Promise<Proxy> {
  const { serving, limiter, recorders, reportBug } = parts;
  const plane: DataPlane = {
    serving,
    admission: limiter,
    clock,
    stopwatchMs,
    recorders,
    reportBug,
  };
  return startProxy({
    host: config.listener.host,
    port: config.listener.port,
    clock,
    stopwatchMs,
    handle: (exchange) => {
      handle(exchange, plane);
    },
    answerTo: (refusal) => answerUnread(refusal, plane),
  });
}

/** Each start is a new gateway to the ledgers: what an earlier process of the same name held is not ours. */
function gatewayId(name: string): GatewayId {
  return `${name}-${randomBytes(6).toString('hex')}` as GatewayId;
}
