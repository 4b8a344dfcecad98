import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../../bin/sluice.mjs', import.meta.url));

/** How one run of the command ended. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One run of `sluice`, as a person would start it. */
export interface Run {
  readonly pid: number;
  /** What it has written so far, both streams. */
  said(): string;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export function sluice(args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  const child = spawn(process.execPath, [command, ...args], { env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    pid: child.pid!,
    said: () => stdout + stderr,
    signal: (signal) => child.kill(signal),
    ended: once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr })),
  };
}
