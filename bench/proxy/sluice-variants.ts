import { Child } from '../../gateway/src/cli/demo/child.ts';
import { freePort } from '../../gateway/test/support/ports.ts';
import type { TestHome } from '../../gateway/test/support/test-home.ts';
import { pin, startRedis, stop } from '../pinned.ts';
import { everyLevelHome } from './every-level-home.ts';
import { loadCore, serverCore } from './load.ts';
import { fullHome, memberTables, redisTables, unlimitedHome } from './sluice-home.ts';
import type { Server, Variant, World } from './variant.ts';

const warmUpMs = 6000;
const memberCount = 3;
const counted = 'ratelimit';

export const sluice: Variant = {
  key: 'sluice',
  name: 'Sluice, all levels on',
  needs: [],
  warmUpMs,
  start: (world) => startSluice(fullHome(world.backendPort, redisTables(world.redisPort)), counted),
};

export const sluiceVariants: readonly Variant[] = [
  sluice,
  {
    key: 'sluice-unlimited',
    name: 'Sluice, Unlimited',
    needs: [],
    warmUpMs,
    start: (world) => startSluice(unlimitedHome(world.backendPort, redisTables(world.redisPort)), undefined),
  },
  {
    key: 'sluice-conditions',
    name: 'Sluice, all levels, conditions, 10,000 denied addresses, tokens',
    needs: [],
    warmUpMs,
    start: startSorting,
  },
  {
    key: 'sluice-threads',
    name: 'Sluice, all levels, two threads on both cores',
    needs: [],
    warmUpMs,
    start: startThreaded,
  },
  {
    key: 'sluice-replica',
    name: 'Sluice, all levels, durability = "replica"',
    needs: [],
    warmUpMs,
    start: startReplicated,
  },
  {
    key: 'sluice-clustered',
    name: `Sluice, all levels, ${memberCount} clustered`,
    needs: [],
    warmUpMs,
    start: startClustered,
  },
];

/** Its access log goes to standard output, and that to nowhere. */
async function startSluice(
  home: TestHome,
  proof: string | undefined,
  { core = serverCore, threads = 1 }: { core?: number | 'any'; threads?: number } = {},
): Promise<Server> {
  const ports = ['--port', '0', '--admin-port', '0'];
  const child = await Child.start(['start', '--home', home.path, ...ports, '--threads', String(threads)]);
  if (core !== 'any') pin(child.pid, core);
  const { pid = 0, listening } = child;
  if ('socketPath' in listening) throw new Error('not a gateway');
  return {
    pid,
    port: listening.port,
    basePath: '/full/1.0.0',
    fields: { ApiKey: 'Full-production' },
    proof,
    async close() {
      await child.stop();
      home.remove();
    },
  };
}

/** What looks at each request. */
async function startSorting({ backendPort, redisPort }: World): Promise<Server> {
  const { home, token } = everyLevelHome(backendPort, redisTables(redisPort));
  return { ...(await startSluice(home, counted)), fields: { Authorization: `Bearer ${token}` } };
}

/** It shares the load's core: what it serves per second says little, what it costs says how much two cores could serve. */
function startThreaded({ backendPort, redisPort }: World): Promise<Server> {
  return startSluice(fullHome(backendPort, redisTables(redisPort)), counted, { core: 'any', threads: 2 });
}

/** A primary of its own, so that the other variants' counters aren't replicated. */
async function startReplicated({ backendPort }: World): Promise<Server> {
  const port = await freePort();
  const primary = await startRedis(port, loadCore);
  const replica = await startRedis(await freePort(), loadCore, ['--replicaof', '127.0.0.1', String(port)]);
  const tables = `${redisTables(port)}[sluice.store]\ndurability = "replica"\n`;
  const server = await startSluice(fullHome(backendPort, tables), counted);
  const close = async (): Promise<void> => {
    await server.close();
    await Promise.all([stop(primary), stop(replica)]);
  };
  return { ...server, close };
}

/** Only the first of the members is measured; the others are where Redis is. */
async function startClustered({ backendPort }: World): Promise<Server> {
  const ports: number[] = [];
  while (ports.length < memberCount) ports.push(await freePort());
  const members: Server[] = [];
  for (const [index, tables] of memberTables(ports).entries()) {
    const core = index === 0 ? serverCore : loadCore;
    members.push(await startSluice(fullHome(backendPort, tables), counted, { core }));
  }
  const [first] = members;
  if (first === undefined) throw new Error('no members');
  const close = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.close()));
  };
  return { ...first, close };
}
