/*
 * The gateway between the wire and the backend, in a process of its own: everything but sockets. It is asked to run variants
 * and tells the CPU time it took.
 */
import { TokenShelf } from '../gateway/src/identity/token-shelf.ts';
import { Registry } from '@prometheus-io/client';
import { openAccessLog } from '../gateway/src/access-log.ts';
import type { BackendSender } from '../gateway/src/backends/backend-call.ts';
import { Backends } from '../gateway/src/backends/backends.ts';
import { Limiter } from '../gateway/src/limiter/limiter.ts';
import { limiterMetrics } from '../gateway/src/limiter-metrics.ts';
import type { GatewayId } from '../gateway/src/limits/claim.ts';
import { accessLogMetrics, exchangeMetrics } from '../gateway/src/metrics.ts';
import type { RequestHead } from '../gateway/src/proxy/exchange.ts';
import { handle, type DataPlane } from '../gateway/src/proxy/handle.ts';
import { compileServing } from '../gateway/src/proxy/serving.ts';
import { MemoryStore } from '../gateway/src/stores/memory-store.ts';
import { stopwatchMs, systemClock as clock } from '../gateway/src/system-clock.ts';
import {
  limitOf,
  operationOf,
  sampleApi,
  sampleApplication,
  sampleConfig,
  backendAt,
} from '../gateway/test/proxy/sample.ts';
import { nothing, NullExchange, NullSender } from './null-ends.ts';

/** What is left out; the difference to `all` is what it costs. */
export type HotPathVariant =
  | 'all'
  | 'no access log'
  | 'no metrics'
  | 'no limiter'
  | 'no RateLimit fields'
  | 'anonymous';

export interface HotPathOrder {
  readonly variant: HotPathVariant;
  readonly durationMs: number;
}

export interface HotPathResult {
  readonly requests: number;
  readonly cpuUs: number;
}

/** As many requests as a busy gateway may read from its sockets in a turn. */
const requestsPerTurn = 64;
const perMinute = 1_000_000_000;
const free = { admitted: true, standings: [], certain: true } as const;
const openPath = '/orders/1.0.0/open/x';

async function openPlane(sender: BackendSender): Promise<(variant: HotPathVariant) => DataPlane> {
  const tier = { name: 'Gold', quota: limitOf(perMinute), burst: limitOf(perMinute, 1000) };
  const policy = { name: 'Much', limit: limitOf(perMinute) };
  const sample = sampleApi();
  const operations = sample.operations.map(({ target, verb, open }) =>
    operationOf(target, verb, { open, policy }),
  );
  const backends = { PRODUCTION: backendAt('http://127.0.0.1:9001/v1', limitOf(perMinute, 1000)) };
  const anonymous = { ...sample.anonymous, tier };
  const api = sampleApi({ operations, backends, anonymous });
  const config = sampleConfig({
    apis: [api],
    applications: [sampleApplication(api, { tier, subscriptions: [{ api, tier, state: 'active' }] })],
  });
  const compiled = compileServing(config, new Backends(clock), new TokenShelf(clock));
  const destinations = new Map(
    [...compiled.destinations].map(([backend, to]) => [backend, { ...to, pool: sender }]),
  );
  const serving = { ...compiled, destinations };
  const silent = { ...serving, responses: { ...serving.responses, rateLimitFields: false } };
  const registry = new Registry();
  const limiter = openLimiter(registry);
  await limiter.open(1000);
  const log = openAccessLog('stdout');
  accessLogMetrics(registry, log);
  const metrics = exchangeMetrics(registry);
  const unlimited: DataPlane['admission'] = { admit: () => free, settle: () => {} };
  return (variant) => ({
    serving: () => (variant === 'no RateLimit fields' ? silent : serving),
    admission: variant === 'no limiter' ? unlimited : limiter,
    clock,
    stopwatchMs,
    recorders: [
      ...(variant === 'no metrics' ? [] : [metrics]),
      ...(variant === 'no access log' ? [] : [log]),
    ],
    reportBug: (error) => {
      throw error;
    },
  });
}

function openLimiter(registry: Registry): Limiter {
  const local = 'local';
  return new Limiter({
    store: new MemoryStore({ nowMs: () => clock.wallMs(), gateways: () => 1, ledgersMax: 10_000 }),
    clock,
    settings: {
      gateway: 'bench' as GatewayId,
      claimDeadlineMs: 1000,
      gatewaysMin: 1,
      onStoreFailure: {
        api: local,
        operation: local,
        subscription: local,
        burst: local,
        application: local,
        'application-burst': local,
        custom: local,
        backend: local,
      },
      leases: { horizonMs: 100, recheckMs: 100 },
    },
    recorder: limiterMetrics(registry, nothing),
  });
}

let requestNumber = 0;

/** A head of strings of its own, as a wire reads it. */
function head(target: string): RequestHead {
  requestNumber += 1;
  const text = [
    ['Host', 'gateway.example:8280'],
    ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36'],
    ['Accept', 'application/json, text/plain, */*'],
    ['Accept-Encoding', 'gzip, deflate, br'],
    ['Accept-Language', 'en-GB,en;q=0.9'],
    ['ApiKey', 'mobile-key'],
    ['X-Request-Id', `r-${requestNumber}`],
    ['Connection', 'keep-alive'],
  ];
  const bytes = Buffer.from([`GET`, target, ...text.flat()].join('\n'), 'latin1');
  const [method = '', path = '', ...fields] = wordsOf(bytes);
  return { method, target: path, fields, bodyBytes: 0, peer: '192.0.2.1', flaw: undefined };
}

function wordsOf(bytes: Buffer): string[] {
  const words: string[] = [];
  for (let from = 0; from <= bytes.length;) {
    const end = bytes.indexOf(10, from);
    const to = end === -1 ? bytes.length : end;
    words.push(bytes.toString('latin1', from, to));
    from = to + 1;
  }
  return words;
}

const sender: NullSender = new NullSender();
const planeOf = await openPlane(sender);

/** The CPU time of all threads, less that of making heads. */
async function run({ variant, durationMs }: HotPathOrder): Promise<HotPathResult> {
  const plane = planeOf(variant);
  const target = variant === 'anonymous' ? openPath : '/orders/1.0.0/items/4711?expand=parts';
  const untilMs = stopwatchMs() + durationMs;
  const start = process.cpuUsage();
  let makingUs = 0;
  let requests = 0;
  while (stopwatchMs() < untilMs) {
    const making = process.cpuUsage();
    const heads = Array.from({ length: requestsPerTurn }, () => head(target));
    const made = process.cpuUsage(making);
    makingUs += made.user + made.system;
    for (const one of heads) handle(new NullExchange(one), plane);
    sender.answerAll();
    requests += heads.length;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const used = process.cpuUsage(start);
  return { requests, cpuUs: used.user + used.system - makingUs };
}

process.on('message', (order: HotPathOrder) => {
  void run(order).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
