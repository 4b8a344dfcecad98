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
  /** Answers that were missing or not 2xx. */
  readonly faults: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const run = promisify(execFile);

/** wrk's 64 connections, each of which asks again as soon as it is answered. Rejects when nothing is answered. */
export async function runWrk(server: Server, load: Load, durationMs: number): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const file = join(folder, 'load.lua');
  try {
    writeFileSync(file, script(load, { ...server.fields, ...load.fields }));
    const seconds = Math.max(1, Math.round(durationMs / 1000));
    const url = `http://127.0.0.1:${server.port}${server.basePath}${load.path}`;
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', file, url];
    const { stdout } = await run('wrk', args);
    const seen = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Seen;
    if (seen.requests === 0) throw new Error(`nothing was answered:\n${stdout}`);
    return seen;
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
