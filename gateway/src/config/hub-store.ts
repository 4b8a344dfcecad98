import type { Config } from './config.ts';
import type { ApiFile } from './api-project.ts';

/** Why this gateway can't be a hub, if so: who is subscribed must be known to all that deliver. */
export function hubStoreProblem({ store, listener }: Pick<Config, 'store' | 'listener'>): string | undefined {
  if (store.kind === 'redis') return undefined;
  if (store.kind === 'memory' && listener.threads === 1) return undefined;
  return `An API of type WEBSUB needs to keep its subscribers in Redis, or in one gateway with one thread; ${found[store.kind]}.`;
}

const found: Readonly<Record<Exclude<Config['store']['kind'], 'redis'>, string>> = {
  memory: 'this gateway has several threads and no Redis',
  peer: 'the counters are behind a socket',
  cluster: 'the counters are kept by the clustered gateways',
};

/** Reports each API that the configured store can't serve as a hub. */
export function reportHubsWithoutStore(
  files: readonly ApiFile[],
  settings: Pick<Config, 'store' | 'listener'>,
): void {
  const message = hubStoreProblem(settings);
  if (message === undefined) return;
  for (const { api, served, source } of files) {
    if (served && api.webSub !== undefined)
      source.error({ code: 'not-supported', path: ['data', 'type'], message });
  }
}
