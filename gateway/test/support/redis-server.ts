import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { RedisAddress } from '../../src/stores/redis/connect.ts';
import { accepts, freePort } from './ports.ts';

/** The server that tests start; the project `valkey` names another one (vitest.config.ts). */
const program = process.env['SLUICE_TEST_REDIS'] ?? 'redis-server';
const found = spawnSync(program, ['--version']).status === 0;
if (!found) {
  const isRedis = program === 'redis-server';
  const how = isRedis
    ? 'install it (Debian: apt-get install redis-server)'
    : 'README.md tells how to name one';
  if (isRedis && process.env['CI'] !== undefined) throw new Error(`no redis-server on PATH: ${how}`);
  process.stderr.write(`\n  SKIPPED, the tests that need a real ${program}, which isn't here: ${how}\n\n`);
}

/** For `describe.skipIf`: whether this machine lacks the server. In CI a missing redis-server is an error, not a skip. */
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
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, args: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#args = args;
  }

  /** `more` are further settings as words of a command line; `port` is one that was free a moment ago. */
  static async start(more: readonly string[] = [], port?: number): Promise<RedisServer> {
    const own = port ?? (await freePort());
    const folder = newFolder();
    const args = ['--save', '', '--appendonly', 'no', '--dir', folder];
    const listening = more.includes('--tls-port') ? [] : ['--port', String(own)];
    const server = new RedisServer(own, folder, [...listening, '--bind', '127.0.0.1', ...args, ...more]);
    await server.restart();
    return server;
  }

  /** A sentinel with these lines as its configuration, on a port for TLS if `isTls`. */
  static async startSentinel(lines: readonly string[], isTls = false): Promise<RedisServer> {
    const port = await freePort();
    const folder = newFolder();
    const file = join(folder, 'sentinel.conf');
    const listening = isTls ? ['port 0', `tls-port ${port}`] : [`port ${port}`];
    writeFileSync(file, [...listening, 'bind 127.0.0.1', `dir ${folder}`, ...lines, ''].join('\n'));
    const server = new RedisServer(port, folder, [file, '--sentinel']);
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
    this.#process = spawn(program, this.#args, { stdio: 'ignore' });
    for (let attempt = 0; attempt < 200; attempt += 1) {
      if (await accepts(this.port)) return;
      await sleep(25);
    }
    throw new Error(`${program} didn't start on port ${this.port}`);
  }

  /** A client that fails rather than waits; the test that opens it disconnects it. */
  client(): Redis {
    const redis = new Redis({
      host: '127.0.0.1',
      port: this.port,
      maxRetriesPerRequest: 0,
      commandTimeout: 2000,
      enableReadyCheck: false,
    });
    // Commands fail by themselves.
    redis.on('error', () => {});
    return redis;
  }

  /** The answer to one command, on a connection of its own. */
  async ask(name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    const redis = this.client();
    try {
      return await redis.call(name, ...args);
    } finally {
      redis.disconnect();
    }
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

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'sluice-redis-'));
}
