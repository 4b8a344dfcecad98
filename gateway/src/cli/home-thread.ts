import { parentPort, workerData } from 'node:worker_threads';
import { readHomeConfig } from './home-config.ts';

/* A thread that reads one home once, for `home-aside.ts`. */
if (parentPort === null) throw new Error('this is a thread that reads a home and nothing else');
parentPort.postMessage(await readHomeConfig(String(workerData)));
