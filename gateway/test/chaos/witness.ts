/*
 * The backend of the chaos run, in a process of its own: it notes which request arrived when, by the machine's wall clock, and
 * tells it when asked. It knows nothing of gateways, limits or the store.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type WitnessOrder = 'port' | 'take';

/** To `port`: the port. To `take`: what arrived since the last time, request ids with ms of the wall clock. */
export type WitnessAnswer = number | readonly (readonly [id: string, arrivedMs: number])[];

let arrivals: (readonly [string, number])[] = [];

const server = createServer((request, response) => {
  arrivals.push([String(request.headers['activityid']), Date.now()]);
  request.resume();
  response.end('seen');
});
server.keepAliveTimeout = 120_000;
const listening = new Promise<number>((resolve) => {
  server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
});

process.on('message', (order: WitnessOrder) => {
  if (order === 'take') {
    process.send?.(arrivals);
    arrivals = [];
  } else {
    void listening.then((port) => process.send?.(port));
  }
});
process.once('disconnect', () => process.exit());
