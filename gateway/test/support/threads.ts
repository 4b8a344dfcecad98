import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { CounterStore } from '../../src/limits/counter-store.ts';
import { StoreForThreads } from '../../src/stores/threads/store-for-threads.ts';
import { ThreadStore } from '../../src/stores/threads/thread-store.ts';
import { StoreEar } from './store-ear.ts';

/** A store as a thread sees it, over a port in this thread. */
export interface ThreadUnderTest {
  readonly store: ThreadStore;
  readonly ear: StoreEar;
  /** The side of the store. */
  readonly far: MessagePort;
}

export function connectThread(
  store: CounterStore,
  served: StoreForThreads = new StoreForThreads(1, fail),
): ThreadUnderTest {
  const { port1, port2 } = new MessageChannel();
  const ear = new StoreEar();
  const thread = new ThreadStore({ port: port2, events: ear });
  served.attach(port1, store);
  // Nothing else keeps this process alive while a test waits for an answer.
  port1.ref();
  return { store: thread, ear, far: port1 };
}

function fail(bug: unknown): never {
  throw bug;
}
