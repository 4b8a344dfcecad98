import { once } from 'node:events';
import { createServer } from 'node:net';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Registry } from '@prometheus-io/client';
import { standardOutput } from '../access-log.ts';
import { startAdmin } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import { bugLine, gatewayId } from '../gateway-thread.ts';
import { accessLogMetrics } from '../metrics.ts';
import { portsOf } from '../proxy/listeners.ts';
import type { RunningGateway, Surroundings } from '../start.ts';
import { openStore } from '../stores/open-store.ts';
import { StoreForThreads } from '../stores/threads/store-for-threads.ts';
import { systemClock as clock } from '../system-clock.ts';
import { snapshotOf } from './combined-metrics.ts';
import { ThreadGroup } from './thread-group.ts';

interface ThreadsOptions extends Surroundings {
  /** More than one. */
  readonly threads: number;
}

/**
 * The composition root of a gateway in several threads: counters of this process → admin listener → threads, which share the
 * clients' port. Rejects when a port can't be had; a thread that ends later is started again.
 */
export async function startThreads(config: Config, options: ThreadsOptions): Promise<RunningGateway> {
  const { threads, report } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.toReversed()) await closeOne();
  };
  try {
    const wanted = portsOf(config.listener);
    for (const port of [wanted.http, wanted.https]) await mustBeFree(config.listener.host, port);
    const output = standardOutput();
    closers.push(() => output.close());
    const registry = new Registry();
    accessLogMetrics(registry, {
      get dropped() {
        return output.dropped();
      },
    });
    const counters = await openCounters(config, options);
    closers.push(() => counters.close());
    const log = (batch: string, lines: number): void => output.write(batch, lines);
    const group = new ThreadGroup({ config, threads, clock, storePort: counters.port, log, report });
    const admin = await startAdmin({
      ...config.admin,
      status: async () => ({ ...(await group.status()), shared: options.shared?.() }),
      metrics: {
        metrics: async () => group.metrics(await snapshotOf(registry)),
        contentType: registry.contentType,
      },
      reload: options.reload,
      ...(options.restApi && { restApi: options.restApi }),
      authority: options.authority,
      reportBug: (error) => report(bugLine(error)),
    });
    closers.push(() => admin.close());
    closers.push(() => group.close());
    const ports = await group.start(wanted);
    return { ports, adminPort: admin.port, reload: (changed) => group.reload(changed), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Counters {
  readonly port: () => MessagePort | undefined;
  readonly close: () => Promise<void>;
}

/** Counters that are kept in this process are kept once; those elsewhere are reached from each thread. */
async function openCounters(config: Config, { threads, report }: ThreadsOptions): Promise<Counters> {
  const { kind } = config.store;
  if (kind === 'redis' || kind === 'peer') return { port: () => undefined, close: () => Promise.resolve() };
  const events = new StoreForThreads(threads, (error) => report(bugLine(error)));
  const gateway = gatewayId(config.gateway.id);
  const { claimDeadlineMs } = config.gateway;
  const store = await openStore(config.store, { gateway, clock, events, claimDeadlineMs, report });
  return {
    port() {
      const { port1, port2 } = new MessageChannel();
      events.attach(port1, store);
      return port2;
    },
    close: () => store.close(),
  };
}

/** Threads share their port, and another gateway could share it too: it would get some of the connections, and nobody would know. */
async function mustBeFree(host: string, port: number | undefined): Promise<void> {
  if (port === 0 || port === undefined) return;
  const server = createServer();
  server.listen({ host, port });
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}
