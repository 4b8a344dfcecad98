import { readAdminTable } from './admin-table.ts';
import { readBackendSettings } from './backends-table.ts';
import type { Cors } from '../policy/catalogue.ts';
import { readCorsTable } from './cors-table.ts';
import type { Config } from './config.ts';
import { type Deployment, entriesOf, readTable, reportKeys } from './deployment-table.ts';
import { flag, mapping, oneOf, text, wholeNumber } from './expected.ts';
import { deploymentPaths, type Environment, type Home } from './home.ts';
import { readListener } from './listener-table.ts';
import { apimSections, sections, serverKeys } from './no-effect.ts';
import { readOnStoreFailure } from './on-failure.ts';
import { placeholders } from './placeholders.ts';
import { readRedisTable } from './redis-config.ts';
import { readReloadSettings } from './reload-table.ts';
import { type Path, type Report, type SourceFile, wholeFile } from './source-file.ts';
import { chooseStore, readStoreTable } from './store-choice.ts';
import { readThrottlingTable, type ThrottlingSwitches } from './throttling-table.ts';
import { readTokenSettings } from './token-issuers.ts';
import { parseTomlFile } from './toml-file.ts';
import { readWebSubTable } from './websub-table.ts';

/** The part of a Config that deployment.toml holds. */
export type Settings = Omit<Config, 'apis' | 'applications' | 'customRules' | 'denyPolicies' | 'tiers'>;

/** With what only policies and APIs need to know. */
export type DeploymentSettings = Settings & {
  readonly switches: ThrottlingSwitches;
  /** What APIs get that say nothing of CORS. */
  readonly cors: Cors | undefined;
};

/** Finds and reads deployment.toml. Every problem is reported; settings that have one are at their defaults. */
export function readDeploymentToml(
  home: Home,
  environment: Environment,
  report: Report,
): DeploymentSettings | undefined {
  const source = findDeploymentToml(home, report);
  if (source === undefined) return undefined;
  const { namedFile, tlsProblem, keysProblem } = environment;
  const deployment: Deployment = {
    source,
    expand: placeholders(source, environment),
    namedFile,
    tlsProblem,
    keysProblem,
  };
  reportTables(source);
  const redis = readRedisTable(deployment);
  const store = readStoreTable(deployment);
  const leases = readTable(deployment, leasesTable);
  const server = readTable(deployment, serverTable);
  const responses = readTable(deployment, responsesTable);
  const apis = readTable(deployment, apisTable);
  const offset = server.offset ?? 0;
  const settings: DeploymentSettings = {
    gateway: {
      id: redis.gateway_id ?? environment.hostName,
      countMin: redis.min_gateway_count ?? 1,
      claimDeadlineMs: redis.key_lock_retrieval_timeout ?? 50,
      ...(apis.environment !== undefined && { environment: apis.environment }),
    },
    store: chooseStore(deployment, redis, store),
    onStoreFailure: readOnStoreFailure(deployment, store.on_failure),
    leases: { horizonMs: leases.horizon ?? 100, recheckMs: leases.recheck ?? 100 },
    listener: readListener(deployment, offset),
    backends: readBackendSettings(deployment),
    admin: readAdminTable(deployment, offset, report),
    reload: readReloadSettings(deployment),
    tokens: readTokenSettings(deployment),
    responses: {
      retryAfter: responses.retry_after ?? 'seconds',
      rateLimitFields: responses.rate_limit_fields ?? true,
      errorFormat: responses.error_format ?? 'json',
    },
    webSub: readWebSubTable(deployment),
    switches: readThrottlingTable(deployment),
    cors: readCorsTable(deployment),
  };
  reportSharedPort(source, settings);
  return settings;
}

function findDeploymentToml(home: Home, report: Report): SourceFile | undefined {
  const [first, second] = deploymentPaths.flatMap((path) => home.filter((file) => file.path === path));
  if (first === undefined) {
    const [usual, top] = deploymentPaths;
    const message = `There is no ${usual} in this folder, and no ${top} at its top.`;
    report(wholeFile('error', 'missing-deployment-toml', usual, message));
    return undefined;
  }
  if (second !== undefined) {
    const message = `There is also a ${first.path}; one of the two must go.`;
    report(wholeFile('error', 'conflict', second.path, message));
  }
  return parseTomlFile(first, report);
}

const leaseSpan = wholeNumber(10, 10_000, ' ms').optional();

const leasesTable = {
  path: ['sluice', 'leases'],
  schema: mapping({ horizon: leaseSpan, recheck: leaseSpan }),
  unknownIs: 'error',
} as const;

const serverTable = {
  path: ['server'],
  schema: mapping({ offset: wholeNumber(0, 50_000).optional() }),
  noEffect: serverKeys,
  unknownIs: 'warning',
} as const;

const apisTable = {
  path: ['sluice', 'apis'],
  schema: mapping({
    environment: text({
      expected: 'the name of an environment, 1 to 100 characters',
      charactersMax: 100,
    }).optional(),
  }),
  unknownIs: 'error',
} as const;

const responsesTable = {
  path: ['sluice', 'responses'],
  schema: mapping({
    retry_after: oneOf(['seconds', 'http-date']).optional(),
    rate_limit_fields: flag().optional(),
    error_format: oneOf(['json', 'accept']).optional(),
  }),
  unknownIs: 'error',
} as const;

/** Tables that nobody knows, and those of WSO2 that have no effect; the tables that are read check their own keys. */
function reportTables(source: SourceFile): void {
  const atTop = ['apim', 'throttle_properties', 'server', 'clustering', 'secrets', 'sluice'];
  reportKeys(source, entriesOf(source, []), { read: atTop, noEffect: sections, unknownIs: 'warning' });
  const inApim = {
    read: ['redis_config', 'throttling', 'jwt', 'oauth_config', 'cors'],
    noEffect: apimSections,
    unknownIs: 'warning',
  } as const;
  reportKeys(source, entriesOf(source, ['apim']), inApim);
  const inSluice = {
    read: [
      'redis',
      'listener',
      'backends',
      'admin',
      'store',
      'leases',
      'reload',
      'responses',
      'apis',
      'websub',
    ],
    unknownIs: 'error',
  } as const;
  reportKeys(source, entriesOf(source, ['sluice']), inSluice);
}

interface Socket {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly path: Path;
}

/** What is listened on comes in the order in which the later one is to blame. */
function reportSharedPort(source: SourceFile, { listener, admin }: Settings): void {
  const { host } = listener;
  const inListener: Path = ['sluice', 'listener'];
  const sockets: Socket[] = [];
  if (listener.http) {
    sockets.push({ name: 'the listener', host, port: listener.port, path: [...inListener, 'http_port'] });
  }
  if (listener.https !== undefined) {
    const path = [...inListener, 'https_port'];
    sockets.push({ name: 'the HTTPS listener', host, port: listener.https.port, path });
  }
  sockets.push({
    name: 'the admin listener',
    host: admin.host,
    port: admin.port,
    path: ['sluice', 'admin', 'port'],
  });
  for (const [index, second] of sockets.entries()) {
    const first = sockets.slice(0, index).find((other) => shareAPort(other, second));
    if (first === undefined) continue;
    const message = `${upperFirst(first.name)} and ${second.name} can't both have port ${second.port}.`;
    source.error({ code: 'conflict', path: second.path, message });
  }
}

function shareAPort(first: Socket, second: Socket): boolean {
  if (first.port !== second.port || first.port === 0) return false;
  return first.host === second.host || everyAddress.has(first.host) || everyAddress.has(second.host);
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

const everyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
