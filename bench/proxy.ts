import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child } from '../gateway/src/cli/demo/child.ts';
import { freePort } from '../gateway/test/support/ports.ts';
import {
  advancedPolicy,
  apiProject,
  application,
  subscriptionPolicy,
  TestHome,
} from '../gateway/test/support/test-home.ts';
import type { LoadOrder, LoadResult } from './load-worker.ts';
import { forkPinned, order, pin, startRedis, stop } from './pinned.ts';
import { ratio, show, spread } from './statistics.ts';

interface Variant {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly request: string;
}

interface Round {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const connections = 64;
const memberCount = 3;
const clockTicksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Small GETs through the gateway and through plain node:http + undici: the server on core 0, load and backend (and Redis) on
 * core 1, all variants in turn in every round. Gives a table in Markdown.
 */
export async function benchProxy(rounds: number, durationMs: number): Promise<string> {
  const load = forkPinned(script('load-worker.ts'), [], 1);
  const [{ backendPort }] = (await once(load, 'message')) as [{ backendPort: number }];
  const redisPort = await freePort();
  const redis = await startRedis(redisPort, 1);
  const plain = forkPinned(script('plain-proxy.ts'), [`http://127.0.0.1:${backendPort}`], 0);
  const [plainSaid] = (await once(plain, 'message')) as [{ listening: { port: number } }];
  const replica = await startRedis(await freePort(), 1, ['--replicaof', '127.0.0.1', String(redisPort)]);
  const inRedis = redisTables(redisPort);
  const homes = [
    benchHome(backendPort, ''),
    benchHome(backendPort, inRedis),
    benchHome(backendPort, `${inRedis}[sluice.store]\ndurability = "replica"\n`),
    ...(await memberTables(memberCount)).map((tables) => benchHome(backendPort, tables)),
  ];
  const gateways: Child[] = [];
  for (const [index, home] of homes.entries()) {
    // Only the first of the members is measured; the others are where Redis is.
    gateways.push(await startGateway(home, index < homes.length - memberCount + 1 ? 0 : 1));
  }
  const [unlimited, limited, durable, member] = gateways as [Child, Child, Child, Child];
  const limitedRequest = get('/limited/1.0.0/x', 'Limited-production');
  const variants: Variant[] = [
    { name: 'node:http + undici', pid: plain.pid ?? 0, port: plainSaid.listening.port, request: get('/x') },
    { name: 'Sluice, unlimited', ...at(unlimited), request: get('/free/1.0.0/x', 'Free-production') },
    { name: 'Sluice, five limits in Redis', ...at(limited), request: limitedRequest },
    { name: 'Sluice, five limits, durability = "replica"', ...at(durable), request: limitedRequest },
    { name: `Sluice, five limits, ${memberCount} clustered`, ...at(member), request: limitedRequest },
  ];
  try {
    return await measure(variants, { load, rounds, durationMs });
  } finally {
    await Promise.all([...gateways.map((gateway) => gateway.stop()), stop(plain), stop(load)]);
    await Promise.all([stop(redis), stop(replica)]);
    for (const home of homes) home.remove();
  }
}

async function measure(
  variants: readonly Variant[],
  how: { readonly load: Parameters<typeof order>[0]; readonly rounds: number; readonly durationMs: number },
): Promise<string> {
  const visit = async (variant: Variant, durationMs: number): Promise<Round> => {
    const { port, request, pid } = variant;
    const before = cpuSeconds(pid);
    const asked: LoadOrder = { port, request, connections, durationMs };
    const { responses, others, seconds, p50Ms, p99Ms } = await order<LoadResult>(how.load, asked);
    if (others > 0) throw new Error(`${variant.name}: ${others} answers weren't 200`);
    const cpuMicroseconds = ((cpuSeconds(pid) - before) * 1e6) / responses;
    return { perSecond: responses / seconds, cpuMicroseconds, p50Ms, p99Ms };
  };
  for (const variant of variants) await visit(variant, 2 * how.durationMs);
  const rounds = variants.map((): Round[] => []);
  for (let round = 0; round < how.rounds; round += 1) {
    process.stderr.write(`proxy: round ${round + 1} of ${how.rounds}\n`);
    const indexes = [...variants.keys()];
    for (const index of round % 2 === 0 ? indexes : indexes.toReversed()) {
      rounds[index]?.push(await visit(variants[index]!, how.durationMs));
    }
  }
  const [base = []] = rounds;
  const rows = variants.map(({ name }, index) => {
    const own = rounds[index] ?? [];
    const of = (what: keyof Round): number[] => own.map((round) => round[what]);
    const baseOf = (what: keyof Round): number[] => base.map((round) => round[what]);
    const cells = [
      name,
      show(spread(of('cpuMicroseconds')), 1),
      show(ratio(of('cpuMicroseconds'), baseOf('cpuMicroseconds'))),
      show(spread(of('perSecond')), 0),
      show(ratio(of('perSecond'), baseOf('perSecond'))),
      show(spread(of('p50Ms')), 2),
      show(spread(of('p99Ms')), 2),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `| GET 13 B, ${connections} connections | CPU µs/request | × plain | requests/s | × plain | p50 ms | p99 ms |`,
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Limits high enough never to refuse: what is measured is the cost of asking. */
function benchHome(backendPort: number, tables: string): TestHome {
  const plenty = 100_000_000;
  return new TestHome({
    'deployment.toml': `[sluice.listener]\nhost = "127.0.0.1"\n${tables}`,
    'apis/Free.yaml': apiProject({ name: 'Free', production: backendPort, policies: ['Unlimited'] }),
    'apis/Limited.yaml': apiProject({
      name: 'Limited',
      production: backendPort,
      policies: ['Plenty'],
      maxTps: `{production: ${plenty}}`,
      operations: '[{target: /*, verb: GET, throttlingPolicy: PlentyForAll}]',
    }),
    'policies/Plenty.yaml': subscriptionPolicy('Plenty', { perMinute: plenty, burstPerSecond: plenty }),
    'policies/PlentyForAll.yaml': advancedPolicy('PlentyForAll', plenty),
    'policies/PlentyForApp.yaml': `
type: throttling policy
subtype: application policy
version: v4.7.0
data:
  policyName: PlentyForApp
  defaultLimit: {type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: min, unitTime: 1, requestCount: ${plenty}}}
`,
    'applications/Free.yaml': application('Free', { Free: 'Unlimited' }),
    'applications/Limited.yaml': application('Limited', { Limited: 'Plenty' }, 'PlentyForApp'),
  });
}

function redisTables(port: number): string {
  return `[throttle_properties]
'throttling.distributed.counter.type' = "redis"
[apim.redis_config]
host = "127.0.0.1"
port = ${port}
`;
}

async function memberTables(count: number): Promise<readonly string[]> {
  const ports: number[] = [];
  for (let port = 0; port < count; port += 1) ports.push(await freePort());
  const members = JSON.stringify(ports.map((port) => `127.0.0.1:${port}`));
  return ports.map((port) => {
    const own = `local_member_host = "127.0.0.1"\nlocal_member_port = ${port}\nmembers = ${members}\n`;
    return `[clustering]\nenable = true\n${own}`;
  });
}

async function startGateway(home: TestHome, core: number): Promise<Child> {
  const child = await Child.start(['start', '--home', home.path, '--port', '0', '--admin-port', '0']);
  pin(child.pid, core);
  return child;
}

function at({ pid = 0, listening }: Child): { pid: number; port: number } {
  if ('socketPath' in listening) throw new Error('not a gateway');
  return { pid, port: listening.port };
}

function get(path: string, apiKey = 'none'): string {
  return `GET ${path} HTTP/1.1\r\nHost: bench\r\nApiKey: ${apiKey}\r\n\r\n`;
}

/** User and system time of a process with all its threads so far. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
}
