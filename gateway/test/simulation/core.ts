import { pathToFileURL } from 'node:url';
import type * as CounterKeys from '../../src/limits/counter-key.ts';
import type * as CounterStores from '../../src/limits/counter-store.ts';
import type * as Limiters from '../../src/limiter/limiter.ts';
import type * as Settles from '../../src/limits/settle.ts';

/** The code under test: what Sluice ships, or a copy of it with a bug planted. */
export interface Core {
  readonly Limiter: typeof Limiters.Limiter;
  readonly settle: typeof Settles.settle;
  readonly counterKey: typeof CounterKeys.counterKey;
  readonly StoreError: typeof CounterStores.StoreError;
}

/** Loads the core from a folder that holds limits/, policy/ and limiter/; ends in a slash. */
export async function loadCore(root: URL = shipped): Promise<Core> {
  const load = async (path: string): Promise<unknown> => import(new URL(path, root).href);
  const { Limiter } = (await load('limiter/limiter.ts')) as typeof Limiters;
  const { settle } = (await load('limits/settle.ts')) as typeof Settles;
  const { counterKey } = (await load('limits/counter-key.ts')) as typeof CounterKeys;
  const { StoreError } = (await load('limits/counter-store.ts')) as typeof CounterStores;
  return { Limiter, settle, counterKey, StoreError };
}

/** `gateway/src/`. */
export const shipped: URL = new URL('../../src/', pathToFileURL(import.meta.filename));
