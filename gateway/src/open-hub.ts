import type { Registry } from '@prometheus-io/client';
import type { Config } from './config/config.ts';
import { hubMetrics } from './hub-metrics.ts';
import type { Clock } from './limits/clock.ts';
import { RedisScripts } from './stores/redis/redis-scripts.ts';
import { Hub } from './websub/hub.ts';
import { MemoryBook } from './websub/memory-book.ts';
import { RedisBook } from './websub/redis-book.ts';
import type { SubscriberBook } from './websub/subscriber-book.ts';

interface HubSurroundings {
  readonly clock: Clock;
  readonly registry: Registry;
  /** Takes lines for people. */
  readonly report: (line: string) => void;
  readonly reportBug: (error: unknown) => void;
}

/** Opens the hub of a thread; its subscribers are kept where the counters are. */
export function openHub(config: Pick<Config, 'store' | 'webSub'>, around: HubSurroundings): Hub {
  const { clock, registry, report, reportBug } = around;
  const recorder = hubMetrics(registry, clock, report);
  return new Hub({ book: bookOf(config, clock), allowed: config.webSub, clock, recorder, reportBug });
}

function bookOf({ store }: Pick<Config, 'store'>, clock: Clock): SubscriberBook {
  return store.kind === 'redis' ? new RedisBook(new RedisScripts(store, clock)) : new MemoryBook(clock);
}
