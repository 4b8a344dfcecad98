/*
 * threads/ promises: one gateway on several cores. The main thread owns the configuration, the admin listener, the log's writer and
 * counters that are in this process; each other thread runs a limiter and a data plane of its own, and is to the ledgers what a
 * gateway is. This file is where such a thread begins.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Registry } from '@prometheus-io/client';
import { openAccessLog } from '../access-log.ts';
import { bugLine, GatewayThread } from '../gateway-thread.ts';
import type { CounterStore, StoreEvents } from '../limits/counter-store.ts';
import { accessLogMetrics } from '../metrics.ts';
import { openStore } from '../stores/open-store.ts';
import { ThreadStore } from '../stores/threads/thread-store.ts';
import { systemClock as clock } from '../system-clock.ts';
import { AskedTexts } from './asked-texts.ts';
import { snapshotOf } from './combined-metrics.ts';
import { PortLog } from './port-log.ts';
import type { Answers, FromThread, Question, ThreadStart, ToThread } from './thread-messages.ts';

if (parentPort === null) throw new Error('this is a thread of a gateway and nothing else');
const main = parentPort;
const start = workerData as ThreadStart;

const say = (message: FromThread): void => main.postMessage(message);
const report = (line: string): void => say({ report: line });
const log = new PortLog((batch, lines) => say({ log: batch, lines }));
const accessLog = openAccessLog(log);
const registry = new Registry();
accessLogMetrics(registry, accessLog);

let commit = (): void => {};
const texts = new AskedTexts((fetch) => say({ fetch }));

const opening = GatewayThread.open({
  ...start,
  accessLog,
  registry,
  report,
  openStore: openOwnStore,
  fetchText: texts.fetch,
});

main.on('message', (message: ToThread) => {
  if ('taken' in message) log.taken(message.taken);
  else if ('fetched' in message) texts.fetched(message.fetched);
  else {
    answer(message.question)
      .then((answered) => say({ id: message.id, answer: answered }))
      .catch((error: unknown) => report(bugLine(error)));
  }
});

const thread = await opening;
say({ listening: await thread.serve(start.ports) });

async function answer(question: Question): Promise<Answers[keyof Answers]> {
  const opened = await opening;
  switch (question.kind) {
    case 'status':
      return opened.status;
    case 'metrics':
      return snapshotOf(registry);
    case 'prepare':
      try {
        commit = opened.prepare(question.config);
        return true;
      } catch (error) {
        report(bugLine(error));
        return false;
      }
    case 'commit':
      commit();
      return true;
    case 'close':
      await opened.drain();
      await opened.close();
      await accessLog.close();
      return true;
    default:
      return question satisfies never;
  }
}

function openOwnStore(events: StoreEvents): Promise<CounterStore> {
  const { config, gateway, storePort } = start;
  if (storePort !== undefined) return Promise.resolve(new ThreadStore({ port: storePort, events }));
  const { claimDeadlineMs } = config.gateway;
  return openStore(config.store, { gateway, clock, events, claimDeadlineMs, report });
}
