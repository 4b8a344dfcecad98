import { parseArgs } from 'node:util';
import { seededRandom } from '../support/random.ts';
import { runDifferential } from './differential-run.ts';
import { fuzzPlane } from './plane-fuzz.ts';
import { besideSlowClients, type Fared } from './slow-clients.ts';

/*
 * `npm run fuzz`: streams of chance against the wire and against a whole gateway, and good traffic beside slow connections.
 * Prints what was exercised and found; exit 1 when something was.
 */

const usage = `npm run fuzz -- wire [options]    streams against node:http as an oracle, then against a gateway in another process
  --streams N        for the oracle (default 200000)
  --plane-streams N  for the gateway (default 5000)
  --exact            the gateway may forward only what the wire takes, not what node:http takes
  --seed S           (default: drawn)
npm run fuzz -- slow [options]    good traffic beside slow connections
  --connections N    (default 2000)
  --per-second N     good requests (default 500)
  --rounds N         with and without, in turn (default 3)
  --seconds N        of each round (default 6)
`;

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    streams: { type: 'string', default: '200000' },
    'plane-streams': { type: 'string', default: '5000' },
    exact: { type: 'boolean', default: false },
    seed: { type: 'string' },
    connections: { type: 'string', default: '2000' },
    'per-second': { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
  },
});

/** Good traffic must not wait more than so many times as long. */
const p99RatioMax = 2;

if (positionals[0] === 'wire') await fuzzWire();
else if (positionals[0] === 'slow') await fuzzSlow();
else process.stdout.write(usage);

async function fuzzWire(): Promise<void> {
  const seed = options.seed === undefined ? undefined : Number(options.seed);
  const streams = Number(options.streams);
  if (streams > 0 && !(await runDifferential(streams, seed))) process.exitCode = 1;
  await fuzzGateway(Number(options['plane-streams']), seed);
}

async function fuzzGateway(streams: number, seed: number | undefined): Promise<void> {
  if (streams === 0) return;
  const random = seededRandom(seed);
  print(`a gateway in another process, ${streams} streams from seed ${random.seed}`);
  const beganMs = performance.now();
  const found = await fuzzPlane({ random, streams, exact: options.exact });
  const perSecond = Math.round((found.streams / (performance.now() - beganMs)) * 1000);
  const { first, last } = found.heapBytes;
  print(`${found.streams} streams, ${perSecond}/s; the backend got ${found.forwarded} requests`);
  print(`of them ${found.lax} only because node:http is laxer than the wire, each for a listed reason`);
  print(
    `heap ${megabytes(first)} MB when warm, ${megabytes(last)} MB at the end; no exit, no stall, no complaint`,
  );
}

async function fuzzSlow(): Promise<void> {
  const { alone, beside, opened } = await besideSlowClients({
    connections: Number(options.connections),
    perSecond: Number(options['per-second']),
    rounds: Number(options.rounds),
    roundMs: Number(options.seconds) * 1000,
  });
  for (const [round, fared] of alone.entries()) {
    print(`alone   ${told(fared)}`);
    print(`beside  ${told(beside[round]!)}`);
  }
  const ratio = median(beside.map(({ p99Ms }) => p99Ms)) / median(alone.map(({ p99Ms }) => p99Ms));
  print(`${opened} slow connections were opened; p99 beside them ${ratio.toFixed(2)} times that alone`);
  const lost = beside.filter(({ sent, statuses }) => statuses[200] !== sent).length;
  if (lost > 0) print(`${lost} rounds lost good requests`);
  if (lost > 0 || ratio > p99RatioMax) process.exitCode = 1;
}

function told({ sent, statuses, p50Ms, p99Ms }: Fared): string {
  return `${sent} sent, answered ${JSON.stringify(statuses)}, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
