import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisAddress } from '../../src/stores/redis/connect.ts';
import { accepts, freePort } from './ports.ts';

const found = spawnSync('redis-server', ['--version']).status === 0;
if (!found) {
  const how = 'no redis-server on PATH: install it (Debian: apt-get install redis-server)';
  if (process.env['CI'] !== undefined) throw new Error(how);
  process.stderr.write(`\n  SKIPPED, the tests that need a real Redis: ${how}\n\n`);
}

/** For `describe.skipIf`: whether this machine has no redis-server. In CI that is an error, not a skip. */
export const redisMissing: boolean = !found;

/** For a connection that is gone when its server is, and sends nothing of its own: MONITOR would take it for an answer. */
export const plainConnection = {
  host: '127.0.0.1',
  retryStrategy: () => null,
  enableReadyCheck: false,
  disableClientInfo: true,
} as const;

/** A private redis-server on a free loopback port, without persistence. The test that starts it stops it. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.restart();
    return server;
  }

  get address(): RedisAddress {
    return {
      host: '127.0.0.1',
      port: this.port,
      database: 0,
      tls: false,
      connectDeadlineMs: 1000,
      silenceMsMax: 1000,
    };
  }

  /** Starts it again, empty, on the same port. */
  async restart(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.#process = spawn('redis-server', [...args, '--dir', this.#folder], { stdio: 'ignore' });
    for (let attempt = 0; attempt < 200; attempt += 1) {
      if (await accepts(this.port)) return;
      await sleep(25);
    }
    throw new Error(`redis-server didn't start on port ${this.port}`);
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Stops answering without closing a connection, until `thaw`. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
