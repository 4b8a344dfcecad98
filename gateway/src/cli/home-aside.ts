import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readHomeConfig, type HomeConfig } from './home-config.ts';

/** Homes of more files take so long to read that requests would notice. */
const filesMax = 50;

/** The sources run as they are, and the published package has what was compiled from them: the thread's file is of this one's kind. */
const entry = new URL(`./home-thread${extname(import.meta.url)}`, import.meta.url);

/** Reads a home while requests are served: a large one in a thread of its own, which ends with that. `known` is how it was before. */
export function readHomeAside(homePath: string, known: HomeConfig | undefined): Promise<HomeConfig> {
  return known === undefined || known.files <= filesMax ? readHomeConfig(homePath) : readInThread(homePath);
}

function readInThread(homePath: string): Promise<HomeConfig> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { name: 'sluice home', workerData: homePath });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that reads the home has ended: ${code}`)));
  });
}
