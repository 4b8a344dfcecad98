import { adminApi } from '../admin/api/admin-api.ts';
import { Authority } from '../admin/api/authority.ts';
import type { Config } from '../config/config.ts';
import type { ReadConfig } from '../config/read-config.ts';
import { bugLine } from '../gateway-thread.ts';
import { HomeChanges } from '../home/home-changes.ts';
import { FileExchange } from '../sharing/file-exchange.ts';
import { FileSharer } from '../sharing/file-sharer.ts';
import type { Surroundings } from '../start.ts';
import { systemClock as clock } from '../system-clock.ts';
import { configAside } from './home-aside.ts';
import { readHome } from './read-home.ts';
import type { Reloader } from './reloader.ts';

interface HomeApiParts {
  readonly path: string;
  readonly reloader: Reloader;
  /** Leaves out what this gateway can't go by. */
  readonly judge: (read: ReadConfig) => ReadConfig;
  /** Makes the gateway go by another configuration. */
  readonly takeOver: (config: Config) => Promise<unknown>;
  readonly inForce: () => Config;
  /** Takes lines for people. */
  readonly say: (line: string) => void;
}

interface HomeApi extends Required<Pick<Surroundings, 'restApi' | 'authority' | 'shared'>> {
  /** When the gateway serves: what others have changed is in force from then on. */
  start(): void;
  close(): Promise<void>;
}

/** The admin REST API over the files of a home, and what shares its changes with other gateways. */
export function homeApi({ path, reloader, judge, takeOver, inForce, say }: HomeApiParts): HomeApi {
  const home = new HomeChanges({
    path,
    read: () => readHome(path),
    configOf: async (files) => judge(await configAside(path, files)),
    takeOver,
    inTurn: (turn) => reloader.inTurn(turn),
  });
  const sharer = openSharer(inForce(), path, home, say);
  const authority = new Authority(() => inForce().admin.api?.tokens, clock);
  const restApi = adminApi({
    home: { read: () => home.read(), change: (planned) => home.change(planned, sharer) },
    authority,
    changed: say,
    reportBug: (error) => say(bugLine(error)),
  });
  return {
    restApi,
    authority,
    shared: () => sharer?.status,
    start: () => sharer?.start(),
    close: async () => sharer?.close(),
  };
}

function openSharer(
  { admin: { api }, store }: Config,
  homePath: string,
  home: HomeChanges,
  report: (line: string) => void,
): FileSharer | undefined {
  const name = api?.share;
  if (name === undefined || store.kind !== 'redis') return undefined;
  const exchange = FileExchange.open(store, name, clock);
  return new FileSharer({ name, homePath, home, exchange, clock, report });
}
