import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';
import { freePort } from '../gateway/test/support/ports.ts';
import { report } from './decisions-report.ts';
import type { Case, Result, Round } from './decisions-round.ts';
import type { Closed, Measurement, WorkerOrder } from './decisions-worker.ts';
import { forkPinned, order, startRedis, stop } from './pinned.ts';
import { RedisMeter, usedBetween } from './redis-usage.ts';
import type { SideName } from './side.ts';

const sides = ['Sluice', 'rate-limiter-flexible', '@fastify/rate-limit', 'rate-limit-redis'] as const;
const random = { isOnceEach: false, windowMs: 3_600_000, callers: 256, sides, gateways: [1, 3] };
const plenty = { quota: 1_000_000_000_000, isRefused: false };
const cases: readonly Case[] = [
  { name: 'hot key', ...random, ...plenty, keys: 1 },
  { name: '1,000 keys', ...random, ...plenty, keys: 1000 },
  { name: '100,000 keys once each', ...random, ...plenty, keys: 100_000, isOnceEach: true, windowMs: 5000 },
  {
    name: 'all refused',
    ...random,
    keys: 1,
    quota: 100,
    isRefused: true,
    sides: [...sides, 'rate-limiter-flexible, blocking in memory'],
  },
  { name: 'hot key, one caller', ...random, ...plenty, keys: 1, callers: 1, gateways: [1] },
];
const gatewaysMax = 3;
const worker = fileURLToPath(new URL('decisions-worker.ts', import.meta.url));

/**
 * Decisions of the limiter and of its peers on the same Redis: all sides in turn in every round, each in one process and as
 * three gateways. The gateways are pinned to core 0, Redis to core 1. Gives tables in Markdown.
 */
export async function benchDecisions(how: {
  readonly rounds: number;
  readonly durationMs: number;
  /** Part of the names of the cases to run. */
  readonly named: string;
}): Promise<string> {
  const { rounds, durationMs, named } = how;
  const wanted = cases.filter(({ name }) => name.includes(named));
  if (wanted.length === 0) throw new Error(`no case is named ${named}`);
  const redisPort = await freePort();
  const redis = await startRedis(redisPort, 1);
  const meter = new RedisMeter(redisPort);
  const workers = new Map<SideName, readonly ChildProcess[]>();
  for (const side of new Set(wanted.flatMap((asked) => asked.sides))) {
    const fork = (): ChildProcess => forkPinned(worker, [side], 0);
    workers.set(side, Array.from({ length: gatewaysMax }, fork));
  }
  try {
    const results: Result[] = [];
    for (const gateways of [1, gatewaysMax]) {
      for (const asked of wanted.filter((one) => one.gateways.includes(gateways))) {
        const bySide = new Map(asked.sides.map((side): [SideName, Round[]] => [side, []]));
        for (let round = 0; round < rounds; round += 1) {
          process.stderr.write(`decisions: ${asked.name}, ${gateways} × ${round + 1} of ${rounds}\n`);
          for (const side of round % 2 === 0 ? asked.sides : asked.sides.toReversed()) {
            const own = (workers.get(side) ?? []).slice(0, gateways);
            const isLast = round === rounds - 1;
            bySide.get(side)?.push(await visit(own, { asked, redisPort, meter, durationMs, isLast }));
          }
        }
        results.push({ asked, gateways, bySide });
      }
    }
    return report(results);
  } finally {
    meter.close();
    await Promise.all([...workers.values()].flat().map(stop));
    await stop(redis);
  }
}

let runs = 0;

async function visit(
  own: readonly ChildProcess[],
  how: {
    readonly asked: Case;
    readonly redisPort: number;
    readonly meter: RedisMeter;
    readonly durationMs: number;
    readonly isLast: boolean;
  },
): Promise<Round> {
  const { asked, redisPort, meter, durationMs, isLast } = how;
  const { keys, isOnceEach, quota, windowMs, callers } = asked;
  const tellAll = <Answer>(message: (gateway: number) => WorkerOrder): Promise<Answer[]> =>
    Promise.all(own.map((child, gateway) => order<Answer>(child, message(gateway))));
  runs += 1;
  const run = `run${runs}`;
  const terms = { redisPort, run, keys, isOnceEach, quota, windowMs, callers, durationMs };
  await meter.empty();
  await tellAll((gateway) => ({ ask: 'open', ...terms, gateway, gateways: own.length }));
  const before = await meter.read();
  const gateways = await tellAll<Measurement>(() => ({ ask: 'measure' }));
  const redis = usedBetween(before, await meter.read());
  const closed = await tellAll<Closed>(() => ({ ask: 'close', whenForgotten: isOnceEach && isLast }));
  for (const { admitted, decisions } of gateways) {
    if (admitted !== (asked.isRefused ? 0 : decisions)) {
      throw new Error(`${asked.name}: ${admitted} of ${decisions} were admitted`);
    }
  }
  return { gateways, redis, closed };
}
