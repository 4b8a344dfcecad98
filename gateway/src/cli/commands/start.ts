import type { Config, StoreSettings } from '../../config/config.ts';
import { readConfig } from '../../config/read-config.ts';
import { startGateway, type RunningGateway } from '../../start.ts';
import { startThreads } from '../../threads/start-threads.ts';
import { exitCodes } from '../exit-codes.ts';
import { coresOfMachine, machineEnvironment } from '../machine.ts';
import { tellParent } from '../parent.ts';
import { printDiagnostics } from '../print-diagnostics.ts';
import { quickConfig } from '../quick-config.ts';
import { readHome } from '../read-home.ts';
import { onHangup } from '../on-hangup.ts';
import { describeRedis } from '../describe-redis.ts';
import { parseStoreUrl } from '../store-url.ts';
import { untilToldToEnd } from '../until-told-to-end.ts';

/** What `sluice start` was told on its command line; whatever is given wins over the files. */
export interface StartOptions {
  readonly home: string;
  readonly port?: number;
  readonly adminPort?: number;
  readonly gatewayId?: string;
  readonly store?: string;
  readonly threads?: number | 'auto';
  readonly to?: string;
  readonly limit?: string;
  readonly by?: string;
}

/** `sluice start`: runs one gateway until it is told to end, then drains; SIGHUP makes it read its files again. Gives the exit code. */
export async function runStart(options: StartOptions): Promise<number> {
  const configured = options.to === undefined ? await configOfHome(options.home) : configOfFlags(options);
  if (typeof configured === 'number') return configured;
  const config = withFlags(configured, options);
  if (typeof config === 'string') return usage(config);
  const report = (line: string): void => {
    process.stderr.write(`sluice: ${line}\n`);
  };
  let gateway;
  try {
    gateway = await startServing(config, report);
  } catch (error) {
    if (!isTakenPort(error)) throw error;
    return refuse(`can't listen: ${error.message}`, exitCodes.failed);
  }
  report(`serving ${config.apis.length} APIs on ${addressesOf(config, gateway).join(' and ')}`);
  report(`admin on http://${config.admin.host}:${gateway.adminPort}, counters: ${describeStore(config)}`);
  const { http, https } = gateway.ports;
  tellParent({ listening: { port: http ?? https ?? 0, httpsPort: https, adminPort: gateway.adminPort } });
  const running = gateway;
  onHangup(
    () => reload(running, options, report),
    (error) => report(`SIGHUP: bug: ${error instanceof Error ? error.stack : String(error)}`),
  );
  report(`${await untilToldToEnd()}: draining`);
  await gateway.close();
  return exitCodes.done;
}

function startServing(config: Config, report: (line: string) => void): Promise<RunningGateway> {
  const threads = config.listener.threads === 'auto' ? coresOfMachine() : config.listener.threads;
  return threads === 1 ? startGateway(config, report) : startThreads(config, { threads, report });
}

/** Reads the home again. What can't be served leaves everything as it is. */
async function reload(
  gateway: RunningGateway,
  options: StartOptions,
  report: (line: string) => void,
): Promise<void> {
  if (options.to !== undefined) {
    report('SIGHUP: nothing to read again, this gateway was started without files');
    return;
  }
  const configured = await configOfHome(options.home);
  const config = typeof configured === 'number' ? configured : withFlags(configured, options);
  if (typeof config !== 'object') {
    report('SIGHUP: the files are refused, the configuration before stays in force');
    return;
  }
  for (const what of await gateway.reload(config))
    report(`SIGHUP: ${what}: takes a restart, stays as it was`);
  report(`SIGHUP: serving ${config.apis.length} APIs by the files as they are now`);
}

async function configOfHome(home: string): Promise<Config | number> {
  const read = await readHome(home);
  const { config, diagnostics } =
    'diagnostics' in read ? { ...read, config: undefined } : readConfig(read.home, machineEnvironment(home));
  printDiagnostics(
    diagnostics.filter(({ severity }) => severity !== 'note'),
    process.stderr,
  );
  return config ?? exitCodes.badConfiguration;
}

function configOfFlags({ to = '', limit, by }: StartOptions): Config | number {
  if (limit === undefined) return usage('--to needs --limit, such as --limit 100/min');
  const config = quickConfig({ to, limit, by });
  return typeof config === 'string' ? usage(config) : config;
}

function withFlags(config: Config, options: StartOptions): Config | string {
  const store = options.store === undefined ? config.store : parseStoreUrl(options.store);
  if (typeof store === 'string') return `--store: ${store}`;
  return {
    ...config,
    store: keepsDurability(store, config),
    gateway: { ...config.gateway, id: options.gatewayId ?? config.gateway.id },
    listener: {
      ...config.listener,
      port: options.port ?? config.listener.port,
      threads: options.threads ?? config.listener.threads,
    },
    admin: { ...config.admin, port: options.adminPort ?? config.admin.port },
  };
}

/** Another place for the counters is no other promise. */
function keepsDurability(store: StoreSettings, { store: configured }: Config): StoreSettings {
  if (store.kind !== 'redis' || configured.kind !== 'redis') return store;
  return { ...store, durability: configured.durability };
}

function addressesOf({ listener: { host } }: Config, { ports }: RunningGateway): readonly string[] {
  return [
    ...(ports.http === undefined ? [] : [`http://${host}:${ports.http}`]),
    ...(ports.https === undefined ? [] : [`https://${host}:${ports.https}`]),
  ];
}

function describeStore({ store }: Config): string {
  switch (store.kind) {
    case 'memory':
      return 'in this process';
    case 'peer':
      return `unix:${store.socketPath}`;
    case 'cluster':
      return `the clustered gateways, from ${store.host}:${store.port}`;
    case 'redis':
      return describeRedis(store);
    default:
      return store satisfies never;
  }
}

function isTakenPort(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')
  );
}

function usage(what: string): number {
  return refuse(what, exitCodes.usage);
}

function refuse(what: string, code: number): number {
  process.stderr.write(`sluice start: ${what}\n`);
  return code;
}
