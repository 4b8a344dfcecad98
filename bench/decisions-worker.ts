/*
 * One side of the decision benchmark, in a process of its own: closed-loop callers that each await their decision.
 * argv: the side, the Redis port. Each message is one Order; the answer is one Measurement.
 */
import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { counterKey } from '../gateway/src/limits/counter-key.ts';
import type { GatewayId } from '../gateway/src/limits/claim.ts';
import type { Limit } from '../gateway/src/limits/limit.ts';
import { Limiter } from '../gateway/src/limiter/limiter.ts';
import type { Charge } from '../gateway/src/policy/plan.ts';
import { connectRedis } from '../gateway/src/stores/redis/connect.ts';
import { RedisStore } from '../gateway/src/stores/redis/redis-store.ts';
import { systemClock } from '../gateway/src/system-clock.ts';

export interface Order {
  readonly keys: number;
  readonly quota: number;
  readonly callers: number;
  readonly durationMs: number;
}

export interface Measurement {
  readonly decisions: number;
  readonly admitted: number;
  readonly seconds: number;
  readonly cpuMicroseconds: number;
  /** Claims sent to the store; one per decision where a side doesn't batch. */
  readonly claims: number;
}

interface Side {
  readonly decide: (key: number) => boolean | Promise<boolean>;
  readonly claims: () => number;
}

const windowMs = 3_600_000;
const port = Number(process.argv[3]);
const sides = { sluice, 'rate-limiter-flexible': rateLimiterFlexible };

function sluice({ keys, quota }: Order, run: number): Side {
  const limit: Limit = { kind: 'fixed-window', quota, windowMs, starts: 'first-request' };
  const level = 'subscription';
  const charges = Array.from({ length: keys }, (_, key): readonly Charge[] => {
    return [{ level, limit, cost: 1, key: counterKey(level, limit, [`run-${run}`, String(key)]) }];
  });
  const gateway = `bench-${run}` as GatewayId;
  const address = {
    host: '127.0.0.1',
    port,
    database: 0,
    tls: false,
    connectDeadlineMs: 1000,
    silenceMsMax: 1000,
  };
  const store = new RedisStore({ redis: connectRedis(address), gateway, clock: systemClock });
  const local = 'local';
  let claims = 0;
  const limiter = new Limiter({
    store,
    clock: systemClock,
    settings: {
      gateway,
      claimDeadlineMs: 1000,
      gatewaysMin: 1,
      onStoreFailure: {
        api: local,
        operation: local,
        subscription: local,
        burst: local,
        application: local,
        'application-burst': local,
        backend: local,
      },
    },
    recorder: {
      settled: () => (claims += 1),
      lost: () => {},
      batchTook: () => {},
      storeAway: (reason) => {
        throw reason;
      },
      storeBack: () => {},
    },
  });
  return {
    decide(key) {
      const verdict = limiter.admit(charges[key] ?? []);
      return verdict instanceof Promise ? verdict.then(({ admitted }) => admitted) : verdict.admitted;
    },
    claims: () => claims,
  };
}

function rateLimiterFlexible({ keys, quota }: Order, run: number): Side {
  const storeClient = new Redis(port, '127.0.0.1');
  const duration = windowMs / 1000;
  const limiter = new RateLimiterRedis({ storeClient, points: quota, duration, keyPrefix: `rlf-${run}` });
  const names = Array.from({ length: keys }, (_, key) => `key-${key}`);
  let claims = 0;
  return {
    decide(key) {
      claims += 1;
      return limiter.consume(names[key] ?? '').then(
        () => true,
        (refused: unknown) => {
          if (refused instanceof RateLimiterRes) return false;
          throw refused;
        },
      );
    },
    claims: () => claims,
  };
}

async function measure(side: Side, { keys, callers, durationMs }: Order): Promise<Measurement> {
  const claimsBefore = side.claims();
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  let decisions = 0;
  let admitted = 0;
  const call = async (caller: number): Promise<void> => {
    for (let turn = caller; performance.now() < endMs; turn += 1) {
      if (await side.decide(turn % keys)) admitted += 1;
      decisions += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    decisions,
    admitted,
    seconds,
    cpuMicroseconds: user + system,
    claims: side.claims() - claimsBefore,
  };
}

const name = process.argv[2] === 'sluice' ? 'sluice' : 'rate-limiter-flexible';
let runs = process.pid * 1000;
process.on('message', (order: Order) => {
  runs += 1;
  const side = sides[name](order, runs);
  // Long enough for a connection, and for the compiler to have seen the code.
  setTimeout(() => {
    void measure(side, { ...order, durationMs: 500 })
      .then(() => measure(side, order))
      .then((measurement) => process.send?.(measurement));
  }, 300);
});
