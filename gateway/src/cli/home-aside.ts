import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Home } from '../config/home.ts';
import { readConfig, type ReadConfig } from '../config/read-config.ts';
import { readHomeConfig, type HomeConfig } from './home-config.ts';
import { machineEnvironment } from './machine.ts';

/** Homes of more files take so long to understand that requests would notice. */
const filesMax = 50;

/** The sources run as they are, and the published package has what was compiled from them: the thread's file is of this one's kind. */
const entry = new URL(`./home-thread${extname(import.meta.url)}`, import.meta.url);

/** What a thread is to do: to read the files of a home folder, or to go by files that would be its own. */
export interface AsideTask {
  readonly homePath: string;
  readonly files?: Home;
}

/** Reads a home while requests are served: a large one in a thread of its own, which ends with that. `known` is how it was before. */
export function readHomeAside(homePath: string, known: HomeConfig | undefined): Promise<HomeConfig> {
  return known === undefined || known.files <= filesMax
    ? readHomeConfig(homePath)
    : inThread<HomeConfig>({ homePath });
}

/** What a gateway would go by if these were the files of a home; many are looked at in a thread, too. */
export async function configAside(homePath: string, files: Home): Promise<ReadConfig> {
  return files.length <= filesMax
    ? readConfig(files, machineEnvironment(homePath))
    : inThread<ReadConfig>({ homePath, files });
}

function inThread<Read extends ReadConfig>(task: AsideTask): Promise<Read> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { name: 'sluice home', workerData: task });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that reads the home has ended: ${code}`)));
  });
}
