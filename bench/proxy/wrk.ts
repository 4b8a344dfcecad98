import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connections, type Load } from './load.ts';
import type { Server } from './variant.ts';

/** What a client saw. */
export interface Seen {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const run = promisify(execFile);

interface SeenByWrk extends Seen {
  /** Answers that were missing or not 2xx. */
  readonly faults: number;
}

/** wrk's 64 connections, each of which asks again as soon as it is answered. Rejects when an answer is missing or not 2xx. */
export async function runWrk(server: Server, load: Load, durationMs: number): Promise<Seen> {
  const { faults, ...seen } = await tryWrk(server, load, durationMs);
  if (faults > 0 || seen.requests === 0) throw new Error(`${faults} of ${seen.requests} requests failed`);
  return seen;
}

/** The same, whatever the answers are. */
export async function tryWrk(server: Server, load: Load, durationMs: number): Promise<SeenByWrk> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const file = join(folder, 'load.lua');
  try {
    writeFileSync(file, script(load, { ...server.fields, ...load.fields }));
    const seconds = Math.max(1, Math.round(durationMs / 1000));
    const url = `http://127.0.0.1:${server.port}${server.basePath}${load.path}`;
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', file, url];
    const { stdout } = await run('wrk', args);
    return JSON.parse(stdout.slice(stdout.indexOf('{'))) as SeenByWrk;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function script({ bodyBytes }: Load, fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`);
  if (bodyBytes > 0) lines.push('wrk.method = "POST"', `wrk.body = string.rep("x", ${bodyBytes})`);
  return `${lines.join('\n')}
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"faults":%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}
