import { show, type Spread } from '../statistics.ts';
import { check } from './check.ts';
import { smallGet } from './load.ts';
import { residentWhile } from './resident.ts';
import { sluice } from './sluice-variants.ts';
import { openWorld, type Server } from './variant.ts';
import { runWrk } from './wrk.ts';

const chunkMs = 5000;
const growthMax = 1.1;

/** Sluice's memory after so many requests beside that after a tenth of them, all levels on. Markdown. */
export async function soak(requestsMax: number): Promise<string> {
  const world = await openWorld();
  const server = await sluice.start(world);
  try {
    await check(server, smallGet);
    const [early, late] = await residentAfter(server, [requestsMax / 10, requestsMax]);
    if (early === undefined || late === undefined) throw new Error('nothing was read');
    const growth = late.median / early.median;
    return [
      `Sluice, all levels on, under ${smallGet.name}s; resident memory in MiB over ${chunkMs / 1000} s: median, lowest and highest.`,
      '',
      `| after ${requestsMax / 10} requests | after ${requestsMax} | late ÷ early | asked | |`,
      '|---|---|---|---|---|',
      `| ${show(early, 0)} | ${show(late, 0)} | ${growth.toFixed(2)} | ≤ ${growthMax} | ${growth <= growthMax ? 'met' : 'missed'} |`,
    ].join('\n');
  } finally {
    await server.close();
    await world.close();
  }
}

/** Resident memory over the first stretch of load after each number of requests. */
async function residentAfter(server: Server, milestones: readonly number[]): Promise<readonly Spread[]> {
  const read: Spread[] = [];
  let requests = 0;
  for (let next = milestones[0]; next !== undefined; next = milestones[read.length]) {
    const isThere = requests >= next;
    const resident = await residentWhile(server.pid, async () => {
      requests += (await runWrk(server, smallGet, chunkMs)).requests;
    });
    process.stderr.write(`soak: ${requests} requests\n`);
    if (isThere) read.push(resident);
  }
  return read;
}
