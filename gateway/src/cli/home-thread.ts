import { parentPort, workerData } from 'node:worker_threads';
import { readConfig } from '../config/read-config.ts';
import type { AsideTask } from './home-aside.ts';
import { readHomeConfig } from './home-config.ts';
import { machineEnvironment } from './machine.ts';

/* A thread that does one task of `home-aside.ts`, and ends. */
if (parentPort === null) throw new Error('this is a thread that reads a home and nothing else');
const { homePath, files } = workerData as AsideTask;
parentPort.postMessage(
  files === undefined ? await readHomeConfig(homePath) : readConfig(files, machineEnvironment(homePath)),
);
