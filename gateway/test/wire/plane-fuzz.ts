import { request } from 'node:http';
import { connect } from 'node:net';
import { readTarget } from '../../src/proxy/target.ts';
import type { Random } from '../support/random.ts';
import { until } from '../support/until.ts';
import { compare } from './compare.ts';
import { GatewayProcess } from './gateway-process.ts';
import { generateRequests, type Generated } from './generator.ts';
import { RequestOracle } from './oracle.ts';
import type { PlaneReport } from './plane-process.ts';
import { readStream, type Message, type Reading } from './reading.ts';

/** What a run of streams against a whole gateway came to. */
export interface PlaneFindings {
  streams: number;
  /** Requests that the backend got whole, and those of them that `wire/` refuses for a listed reason, but `node:http` took. */
  forwarded: number;
  lax: number;
  heapBytes: { first: number; last: number };
}

export interface PlaneRun {
  readonly random: Random;
  readonly streams: number;
  /** Whether nothing may reach the backend but what `wire/` takes; only a data plane that stands on it can promise that. */
  readonly exact: boolean;
  readonly heard?: (findings: PlaneFindings) => void;
}

const atOnce = 100;
const goodWithinMs = 5000;
const heapGrowthMax = 48 * 1024 * 1024;
const basePath = '/orders/1.0.0';

/** Sends streams of chance to a gateway in another process; throws when it exits, stalls, grows or forwards something else. */
export async function fuzzPlane({ random, streams, exact, heard }: PlaneRun): Promise<PlaneFindings> {
  const gateway = await GatewayProcess.start(3000);
  const oracle = new RequestOracle();
  const findings: PlaneFindings = { streams: 0, forwarded: 0, lax: 0, heapBytes: { first: 0, last: 0 } };
  try {
    while (findings.streams < streams) {
      const batch = Array.from({ length: atOnce }, (_, at) => {
        const id = findings.streams + at;
        const targets = ['', '?a=b', '/c'].map((rest) => `${basePath}/s${id}${rest}`);
        return generateRequests(random, targets, ['Host: gateway.example']);
      });
      const judged = (await oracle.read(batch)).map((theirs, at) => judge(batch[at]!, theirs, exact));
      await Promise.all(judged.map((one) => send(gateway.port, one)));
      await sendGood(gateway.port);
      const report = await settled(gateway);
      const seen = report.seen.filter((one) => one !== 'GET /v1/good ');
      findings.streams += batch.length;
      findings.forwarded += seen.length;
      findings.lax += mustBeRight(judged, seen);
      noteHeap(findings, report.heapBytes);
      heard?.(findings);
    }
  } catch (error) {
    throw new Error(gateway.kill(), { cause: error });
  }
  await gateway.close();
  return findings;
}

interface Judged {
  readonly stream: Generated;
  /** Requests that the backend has to get, and those it may get: as `PlaneReport.seen` tells them. */
  readonly must: readonly string[];
  readonly may: readonly string[];
  /** `node:http` may read further requests from it, for a listed reason. */
  readonly lax: boolean;
}

function judge(stream: Generated, oracle: Reading, exact: boolean): Judged {
  const ours = readStream(stream);
  const whole = ours.messages.filter(({ complete }) => complete);
  const may = whole.flatMap((message) => forwarded(message) ?? []);
  const firstRefused = whole.findIndex((message) => forwarded(message) === undefined);
  const must = (firstRefused === -1 ? whole : whole.slice(0, firstRefused)).flatMap(
    (one) => forwarded(one) ?? [],
  );
  const comparison = compare(stream, ours, oracle);
  // A reader of whole pieces gives up what it has begun to answer when something that is no request follows at once.
  const reliable = exact || (oracle.end === 'open' && ours.end === 'open');
  return { stream, must: reliable ? must : [], may, lax: comparison.is === 'stricter' };
}

/** What the backend gets of a request, if the gateway forwards it. */
function forwarded({ start, fields, body }: Message): string | undefined {
  const [method = '', target = ''] = start.split(' ');
  const read = readTarget({ method, target, fields, bodyBytes: 0, peer: '', flaw: undefined });
  if ('cause' in read || !read.path.startsWith(`${basePath}/`)) return undefined;
  return `${method} /v1${read.path.slice(basePath.length)}${read.query} ${body}`;
}

/** Sends a stream, and goes when its answers are there, or when nothing more comes. */
async function send(port: number, { stream, must }: Judged): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const socket = connect(port, '127.0.0.1');
  let received = '';
  const over = (): void => {
    socket.destroy();
    resolve(undefined);
  };
  let silent = setTimeout(over, goodWithinMs);
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('error', () => {}).on('close', over);
  socket.on('data', (text: string) => {
    received += text;
    const answers = received.match(/HTTP\/1\.1 [2-5]\d\d /g)?.length ?? 0;
    clearTimeout(silent);
    if (must.length > 0 && answers >= must.length) over();
    else silent = setTimeout(over, must.length > 0 ? goodWithinMs : 100);
  });
  if (must.length === 0) {
    clearTimeout(silent);
    silent = setTimeout(over, 300);
  }
  for (const piece of stream.pieces) socket.write(piece);
  await promise;
  clearTimeout(silent);
}

/** A good request, which every other one may be slower than but not in the way of. */
async function sendGood(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const late = AbortSignal.timeout(goodWithinMs);
  request({ port, host: '127.0.0.1', path: `${basePath}/good`, agent: false, signal: late }, (response) => {
    response.resume().on('end', () => {
      resolve(response.statusCode);
    });
  })
    .on('error', reject)
    .end();
  const status = await promise;
  if (status !== 200) throw new Error(`a good request was answered with ${status}`);
}

/** Every exchange that began ends, and leaves one record. */
async function settled(gateway: GatewayProcess): Promise<PlaneReport> {
  const seen: string[] = [];
  let last: PlaneReport | undefined;
  await until(async () => {
    last = await gateway.report();
    seen.push(...last.seen);
    return last.begun === last.recorded;
  });
  return { ...last!, seen };
}

/** Compares what the backend got with what it must and may get; gives how many it got only because `node:http` is lax. */
function mustBeRight(judged: readonly Judged[], seen: readonly string[]): number {
  const left = new Map<string, number>();
  for (const one of seen) left.set(one, (left.get(one) ?? 0) + 1);
  const take = (one: string): boolean => {
    const count = left.get(one) ?? 0;
    if (count > 0) left.set(one, count - 1);
    return count > 0;
  };
  for (const { must, may, stream } of judged) {
    for (const one of may) {
      if (!take(one) && must.includes(one))
        throw new Error(`the backend never got ${JSON.stringify(one)} of ${JSON.stringify(stream.text)}`);
    }
  }
  const others = [...left].filter(([, count]) => count > 0).map(([one]) => one);
  for (const one of others) {
    const [, id] = /^\S+ \/v1\/(s\d+)/.exec(one) ?? [];
    const from = judged.filter(({ stream }) => id === undefined || stream.text.includes(`/${id}`));
    if (!from.some(({ lax }) => lax))
      throw new Error(`the backend got ${JSON.stringify(one)} of ${JSON.stringify(from[0]?.stream.text)}`);
  }
  return others.length;
}

function noteHeap(findings: PlaneFindings, heapBytes: number): void {
  const { first } = findings.heapBytes;
  // The first batches fill pools and caches.
  const isWarm = findings.streams >= 10 * atOnce;
  findings.heapBytes = { first: first === 0 && isWarm ? heapBytes : first, last: heapBytes };
  if (first > 0 && heapBytes - first > heapGrowthMax)
    throw new Error(`the gateway's heap grew from ${first} to ${heapBytes} bytes`);
}
