import type { Config } from './config.ts';
import { type Deployment, entriesOf, readTable, reportKeys } from './deployment-table.ts';
import { flag, listOf, mapping, oneOf, wholeNumber } from './expected.ts';
import { deploymentPaths, type Environment, type Home } from './home.ts';
import { hostName, networkRange } from './network-names.ts';
import { apimSections, sections, serverKeys } from './no-effect.ts';
import { readOnStoreFailure } from './on-failure.ts';
import { placeholders } from './placeholders.ts';
import { readRedisTable } from './redis-config.ts';
import { type Report, type SourceFile, wholeFile } from './source-file.ts';
import { chooseStore, readStoreTable } from './store-choice.ts';
import { parseTomlFile } from './toml-file.ts';

/** The part of a Config that deployment.toml holds. */
export type Settings = Omit<Config, 'apis' | 'applications'>;

/** Finds and reads deployment.toml. Every problem is reported; settings that have one are at their defaults. */
export function readDeploymentToml(
  home: Home,
  environment: Environment,
  report: Report,
): Settings | undefined {
  const source = findDeploymentToml(home, report);
  if (source === undefined) return undefined;
  const { namedFile } = environment;
  const deployment: Deployment = { source, expand: placeholders(source, environment), namedFile };
  reportTables(source);
  const redis = readRedisTable(deployment);
  const store = readStoreTable(deployment);
  const leases = readTable(deployment, leasesTable);
  const server = readTable(deployment, serverTable);
  const listener = readTable(deployment, listenerTable);
  const admin = readTable(deployment, adminTable);
  const responses = readTable(deployment, responsesTable);
  const offset = server.offset ?? 0;
  const settings: Settings = {
    gateway: {
      id: redis.gateway_id ?? environment.hostName,
      countMin: redis.min_gateway_count ?? 1,
      claimDeadlineMs: redis.key_lock_retrieval_timeout ?? 50,
    },
    store: chooseStore(deployment, redis, store),
    onStoreFailure: readOnStoreFailure(deployment, store.on_failure),
    leases: { horizonMs: leases.horizon ?? 100, recheckMs: leases.recheck ?? 100 },
    listener: {
      host: listener.host ?? '0.0.0.0',
      port: listener.http_port ?? 8280 + offset,
      trustedProxies: listener.trusted_proxies ?? [],
    },
    admin: { host: admin.host ?? '127.0.0.1', port: admin.port ?? 9090 + offset },
    responses: {
      retryAfter: responses.retry_after ?? 'seconds',
      rateLimitFields: responses.rate_limit_fields ?? true,
    },
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

const port = wholeNumber(0, 65_535, ', 0 for any that is free');

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

const listenerTable = {
  path: ['sluice', 'listener'],
  schema: mapping({
    http_port: port.optional(),
    host: hostName().optional(),
    trusted_proxies: listOf(networkRange(), 'addresses or ranges such as "10.0.0.0/8"').optional(),
  }),
  unknownIs: 'error',
} as const;

const adminTable = {
  path: ['sluice', 'admin'],
  schema: mapping({ port: port.optional(), host: hostName().optional() }),
  unknownIs: 'error',
} as const;

const responsesTable = {
  path: ['sluice', 'responses'],
  schema: mapping({
    retry_after: oneOf(['seconds', 'http-date']).optional(),
    rate_limit_fields: flag().optional(),
  }),
  unknownIs: 'error',
} as const;

/** Tables that nobody knows, and those of WSO2 that have no effect; the tables that are read check their own keys. */
function reportTables(source: SourceFile): void {
  const atTop = ['apim', 'throttle_properties', 'server', 'clustering', 'secrets', 'sluice'];
  reportKeys(source, entriesOf(source, []), { read: atTop, noEffect: sections, unknownIs: 'warning' });
  const inApim = { read: ['redis_config'], noEffect: apimSections, unknownIs: 'warning' } as const;
  reportKeys(source, entriesOf(source, ['apim']), inApim);
  const inSluice = {
    read: ['redis', 'listener', 'admin', 'store', 'leases', 'responses'],
    unknownIs: 'error',
  } as const;
  reportKeys(source, entriesOf(source, ['sluice']), inSluice);
}

function reportSharedPort(source: SourceFile, { listener, admin }: Settings): void {
  if (listener.port !== admin.port || listener.port === 0) return;
  const overlap =
    listener.host === admin.host || everyAddress.has(listener.host) || everyAddress.has(admin.host);
  if (!overlap) return;
  const message = `The listener and the admin listener can't both have port ${listener.port}.`;
  source.error({ code: 'conflict', path: ['sluice', 'admin', 'port'], message });
}

const everyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
