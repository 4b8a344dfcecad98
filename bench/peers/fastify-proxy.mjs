/* @fastify/http-proxy. argv: the backend's origin, and the port of a Redis if each request is to be counted there. */
import httpProxy from '@fastify/http-proxy';
import rateLimit from '@fastify/rate-limit';
import { fastify } from 'fastify';
import { Redis } from 'ioredis';

const [upstream = '', redisPort] = process.argv.slice(2);
const app = fastify({ keepAliveTimeout: 300_000 });
if (redisPort !== undefined) {
  const redis = new Redis(Number(redisPort), '127.0.0.1');
  await app.register(rateLimit, { redis, max: 1_000_000_000, timeWindow: 60_000 });
}
await app.register(httpProxy, {
  upstream,
  undici: { connections: 256, pipelining: 1 },
  replyOptions: {
    rewriteRequestHeaders: ({ ip }, headers) => ({ ...headers, 'x-forwarded-for': ip }),
  },
});
await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
process.send?.({ port: /** @type {import("node:net").AddressInfo} */ (app.server.address()).port });
process.once('disconnect', () => process.exit());
