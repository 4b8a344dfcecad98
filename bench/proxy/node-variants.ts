import { forkPinned, stop } from '../pinned.ts';
import { serverCore } from './load.ts';
import { saidPort, script, type Server, type Variant, type World } from './variant.ts';

const warmUpMs = 6000;

export const nodeVariants: readonly Variant[] = [
  {
    key: 'plain',
    name: 'node:http + undici 8',
    needs: [],
    warmUpMs,
    start: (world) => startScript('plain-proxy.ts', [backend(world)]),
  },
  {
    key: 'fast-proxy',
    name: 'fast-proxy 2.2.0',
    needs: [],
    warmUpMs,
    start: (world) => startScript('fast-proxy.ts', [backend(world)]),
  },
  {
    key: 'fastify',
    name: '@fastify/http-proxy 11.6.3',
    needs: [],
    warmUpMs,
    start: (world) => startScript('fastify-proxy.ts', [backend(world)]),
  },
  {
    key: 'fastify-limit',
    name: '@fastify/http-proxy + rate-limit 11.2.0 on Redis',
    needs: [],
    warmUpMs,
    start: (world) =>
      startScript('fastify-proxy.ts', [backend(world), String(world.redisPort)], 'x-ratelimit-remaining'),
  },
];

function backend({ backendPort }: World): string {
  return `http://127.0.0.1:${backendPort}`;
}

async function startScript(name: string, args: readonly string[], proof?: string): Promise<Server> {
  const child = forkPinned(script(name), args, serverCore);
  const port = await saidPort(child);
  return { pid: child.pid ?? 0, port, basePath: '', fields: {}, proof, close: () => stop(child) };
}
