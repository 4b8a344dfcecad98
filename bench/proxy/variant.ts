import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../gateway/test/support/ports.ts';
import { forkPinned, pin, startRedis, stop } from '../pinned.ts';
import { loadCore } from './load.ts';

export type VariantKey =
  | 'sluice'
  | 'sluice-unlimited'
  | 'sluice-conditions'
  | 'sluice-threads'
  | 'sluice-replica'
  | 'sluice-clustered'
  | 'plain'
  | 'fast-proxy'
  | 'fastify'
  | 'fastify-limit'
  | 'fast-proxy-node20'
  | 'fastify-limit-node20'
  | 'nginx'
  | 'haproxy'
  | 'nginx-lua';

/** A proxy with its settings. */
export interface Variant {
  /** As --only names it. */
  readonly key: VariantKey;
  readonly name: string;
  /** Programs and files it can't do without. */
  readonly needs: readonly string[];
  /** CPU time until a compiler that shares its core has done its work. */
  readonly warmUpMs: number;
  start(world: World): Promise<Server>;
}

/** A proxy that runs on core 0; one of two threads on both. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  /** What stands before the backend's path. */
  readonly basePath: string;
  readonly fields: Readonly<Record<string, string>>;
  /** A field that only an answer that was counted has. */
  readonly proof: string | undefined;
  close(): Promise<void>;
}

/** What stands behind the proxies. */
export interface World {
  readonly backendPort: number;
  readonly redisPort: number;
  close(): Promise<void>;
}

/** What is started from here has the load's core too, until it is moved. */
export async function openWorld(): Promise<World> {
  process.env['NODE_ENV'] = 'production';
  pin(process.pid, loadCore);
  const backend = forkPinned(script('backend.ts'), [], loadCore);
  const backendPort = await saidPort(backend);
  const redisPort = await freePort();
  const redis = await startRedis(redisPort, loadCore);
  // They stand for other machines: the load, which needs the same core, must not keep them waiting.
  for (const { pid } of [backend, redis]) goBefore(pid);
  return {
    backendPort,
    redisPort,
    async close() {
      await Promise.all([stop(backend), stop(redis)]);
    },
  };
}

function goBefore(pid: number | undefined): void {
  if (pid !== undefined && process.getuid?.() === 0) setPriority(pid, constants.priority.PRIORITY_HIGH);
}

export function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** The port a script of ours says when it listens. */
export async function saidPort(child: ChildProcess): Promise<number> {
  const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
  return port;
}
