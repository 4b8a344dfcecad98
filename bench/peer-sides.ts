/*
 * The peers, each as directly as its public API allows and on ioredis, the client that all of them document: no HTTP
 * server, no middleware, no response fields. Each question to Redis is one script.
 */
import fastifyRateLimit from '@fastify/rate-limit';
import type { Options } from 'express-rate-limit';
import { fastify, type FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import { RedisStore, type RedisReply } from 'rate-limit-redis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Side, SideTerms } from './side.ts';

/** `RateLimiterRedis.consume`, with its defaults. */
export function openRateLimiterFlexible(terms: SideTerms): Promise<Side> {
  return rateLimiterFlexible(terms, {});
}

/** The same with its memory of keys that are over their limit, which then needn't ask Redis. */
export function openRateLimiterFlexibleBlocking(terms: SideTerms): Promise<Side> {
  return rateLimiterFlexible(terms, { inMemoryBlockOnConsumed: terms.quota });
}

/**
 * `fastify.createRateLimit()`: the check that the plugin's own hook makes, without the hook and its header fields. Of a
 * request it reads the key and the route's configuration.
 */
export async function openFastifyRateLimit(terms: SideTerms): Promise<Side> {
  const { run, keys, quota, windowMs } = terms;
  const redis = connect(terms);
  const app = fastify();
  await app.register(fastifyRateLimit, {
    global: false,
    redis,
    nameSpace: `${run}-`,
    max: quota,
    timeWindow: windowMs,
    keyGenerator: (request) => request.id,
  });
  await app.ready();
  const check = app.createRateLimit();
  const requests = keys.map((id) => ({ id, routeOptions: { config: {} } }) as FastifyRequest);
  const decide = (key: number): Promise<boolean> =>
    check(requests[key]!).then((answer) => answer.isAllowed || !answer.isExceeded);
  return peer(redis, decide, () => app.close());
}

/** The store's `increment` and the comparison that express-rate-limit makes with its answer. */
export async function openRateLimitRedis(terms: SideTerms): Promise<Side> {
  const { run, keys, quota, windowMs } = terms;
  const redis = connect(terms);
  const store = new RedisStore({
    prefix: `${run}-`,
    sendCommand: (command, ...args) => redis.call(command, ...args) as Promise<RedisReply>,
  });
  await store.init({ windowMs } as Options);
  return peer(redis, (key) => store.increment(keys[key]!).then(({ totalHits }) => totalHits <= quota));
}

async function rateLimiterFlexible(
  terms: SideTerms,
  options: { readonly inMemoryBlockOnConsumed?: number },
): Promise<Side> {
  const { run, keys, quota, windowMs } = terms;
  const redis = connect(terms);
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    points: quota,
    duration: windowMs / 1000,
    keyPrefix: run,
    ...options,
  });
  const refused = (reason: unknown): boolean => {
    if (reason instanceof RateLimiterRes) return false;
    throw reason;
  };
  return peer(redis, (key) => limiter.consume(keys[key]!).then(() => true, refused));
}

function connect({ redisPort }: SideTerms): Redis {
  return new Redis(redisPort, '127.0.0.1');
}

function peer(
  redis: Redis,
  decide: (key: number) => Promise<boolean>,
  closeRest: () => Promise<unknown> = () => Promise.resolve(),
): Side {
  return {
    decide,
    counters: () => 0,
    tally: () => ({ claims: undefined, alone: 0 }),
    async close() {
      await closeRest();
      redis.disconnect();
    },
  };
}
