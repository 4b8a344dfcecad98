import { adminApi } from '../admin/api/admin-api.ts';
import type { AdminOptions } from '../admin/server.ts';
import type { Config } from '../config/config.ts';
import { readConfig } from '../config/read-config.ts';
import { bugLine } from '../gateway-thread.ts';
import { HomeChanges } from '../home/home-changes.ts';
import { systemClock as clock } from '../system-clock.ts';
import { machineEnvironment } from './machine.ts';
import { readHome } from './read-home.ts';
import type { Reloader } from './reloader.ts';

interface HomeApiParts {
  readonly path: string;
  readonly reloader: Reloader;
  /** Makes the gateway go by another configuration. */
  readonly takeOver: (config: Config) => Promise<unknown>;
  readonly inForce: () => Config;
  /** Takes lines for people. */
  readonly say: (line: string) => void;
}

/** The admin REST API over the files of a home. */
export function homeApi({ path, reloader, takeOver, inForce, say }: HomeApiParts): AdminOptions['restApi'] {
  const home = new HomeChanges({
    path,
    read: () => readHome(path),
    configOf: (files) => readConfig(files, machineEnvironment(path)),
    takeOver,
    inTurn: (turn) => reloader.inTurn(turn),
  });
  return adminApi({
    home,
    tokens: () => inForce().admin.api?.tokens,
    clock,
    reportBug: (error) => say(bugLine(error)),
  });
}
