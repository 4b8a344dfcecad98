import { parentPort, workerData } from 'node:worker_threads';
import { huntPart, type Part } from './planted.ts';

/** One worker's part of the hunt for planted bugs. */
await huntPart(workerData as Part, (found) => parentPort?.postMessage(found, []));
