import type { Worker } from 'node:worker_threads';

/*
 * Loaded into a gateway before its own code (node --import): SIGUSR2 ends its first thread that runs, as a crash would.

 */
const workers: Worker[] = [];

process.on('worker', (worker: Worker) => {
  workers.push(worker);
  worker.once('exit', () => workers.splice(workers.indexOf(worker), 1));
});
process.on('SIGUSR2', () => void workers[0]?.terminate());
