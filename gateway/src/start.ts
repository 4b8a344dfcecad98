import { Registry } from '@prometheus-io/client';
import { openAccessLog } from './access-log.ts';
import type { ReloadReport } from './admin/reload.ts';
import { type AdminOptions, startAdmin } from './admin/server.ts';
import type { Config } from './config/config.ts';
import { bugLine, GatewayThread, gatewayId } from './gateway-thread.ts';
import type { SharedStatus } from './home/shared-status.ts';
import { accessLogMetrics } from './metrics.ts';
import { portsOf, type ListenerPorts } from './proxy/listeners.ts';
import { restartNeeded, takenOver } from './restart-needed.ts';
import { openStore } from './stores/open-store.ts';
import { systemClock as clock } from './system-clock.ts';

/** A gateway that serves. */
export interface RunningGateway {
  readonly ports: ListenerPorts;
  readonly adminPort: number;
  /**
   * Goes by another configuration from the next request on; counters go on counting. Gives what differs that only a restart can
   * change, in words: that stays as it was. Rejects, and nothing has changed, when it can't.
   */
  reload(config: Config): Promise<readonly string[]>;
  /** Refuses new connections, ends running requests, gives leases back, and closes everything in reverse order. */
  close(): Promise<void>;
}

/** What a gateway has around it. */
export interface Surroundings {
  /** Takes lines for people. */
  readonly report: (line: string) => void;
  /** Has the files read again, for whoever asks the admin listener for it. */
  readonly reload: () => Promise<ReloadReport>;
  /** The admin REST API, where there are files that it can change. */
  readonly restApi?: AdminOptions['restApi'];
  readonly authority?: AdminOptions['authority'];
  /** How it stands about the files it shares with others. */
  readonly shared?: () => SharedStatus | undefined;
}

/**
 * The composition root of a gateway in one thread: configuration → store → limiter → admin listener → data plane. Rejects when a
 * port can't be had; a store that is away doesn't keep a gateway from starting.
 */
export async function startGateway(config: Config, around: Surroundings): Promise<RunningGateway> {
  const { report } = around;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.toReversed()) await closeOne();
  };
  try {
    const accessLog = openAccessLog('stdout');
    closers.push(() => accessLog.close());
    const registry = new Registry();
    accessLogMetrics(registry, accessLog);
    const gateway = gatewayId(config.gateway.id);
    const { claimDeadlineMs } = config.gateway;
    const thread = await GatewayThread.open({
      config,
      gateway,
      threads: 1,
      openStore: (events) => openStore(config.store, { gateway, clock, events, claimDeadlineMs, report }),
      accessLog,
      registry,
      report,
    });
    closers.push(() => thread.close());
    const admin = await startAdmin({
      ...config.admin,
      status: () => ({ ...thread.status, shared: around.shared?.() }),
      metrics: { metrics: () => registry.metrics(), contentType: registry.contentType },
      reload: around.reload,
      ...(around.restApi && { restApi: around.restApi }),
      authority: around.authority,
      reportBug: (error) => report(bugLine(error)),
    });
    closers.push(() => admin.close());
    closers.push(() => thread.drain());
    const ports = await thread.serve(portsOf(config.listener));
    const reload = async (changed: Config): Promise<readonly string[]> => {
      thread.prepare(takenOver(config, changed))();
      return restartNeeded(config, changed);
    };
    return { ports, adminPort: admin.port, reload, close };
  } catch (error) {
    await close();
    throw error;
  }
}
