import { forkPinned, stop } from '../pinned.ts';
import { serverCore } from './load.ts';
import { node20 } from './older-node.ts';
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
    start: (world) => startScript('../peers/fast-proxy.mjs', [backend(world)]),
  },
  {
    key: 'fastify',
    name: '@fastify/http-proxy 11.6.3',
    needs: [],
    warmUpMs,
    start: (world) => startScript('../peers/fastify-proxy.mjs', [backend(world)]),
  },
  {
    key: 'fastify-limit',
    name: '@fastify/http-proxy + rate-limit 11.2.0 on Redis',
    needs: [],
    warmUpMs,
    start: (world) => startLimited(world),
  },
  {
    key: 'fast-proxy-node20',
    name: 'fast-proxy 2.2.0 on Node 20',
    needs: [node20],
    warmUpMs,
    start: (world) => startScript('../peers/fast-proxy.mjs', [backend(world)], { node: node20 }),
  },
  {
    key: 'fastify-limit-node20',
    name: '@fastify/http-proxy + rate-limit 11.2.0 on Redis, on Node 20',
    needs: [node20],
    warmUpMs,
    start: (world) => startLimited(world, node20),
  },
];

function startLimited(world: World, node?: string): Promise<Server> {
  const args = [backend(world), String(world.redisPort)];
  return startScript('../peers/fastify-proxy.mjs', args, { proof: 'x-ratelimit-remaining', node });
}

function backend({ backendPort }: World): string {
  return `http://127.0.0.1:${backendPort}`;
}

async function startScript(
  name: string,
  args: readonly string[],
  { proof, node }: { readonly proof?: string; readonly node?: string | undefined } = {},
): Promise<Server> {
  const child = forkPinned(script(name), args, serverCore, node);
  const port = await saidPort(child);
  return { pid: child.pid ?? 0, port, basePath: '', fields: {}, proof, close: () => stop(child) };
}
