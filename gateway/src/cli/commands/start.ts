import type { ReloadReport } from '../../admin/reload.ts';
import type { Config, StoreSettings } from '../../config/config.ts';
import type { Diagnostic } from '../../config/diagnostic.ts';
import { hubStoreProblem } from '../../config/hub-store.ts';
import type { ReadConfig } from '../../config/read-config.ts';
import { wholeFile } from '../../config/source-file.ts';
import { bugLine } from '../../gateway-thread.ts';
import { startGateway, type RunningGateway, type Surroundings } from '../../start.ts';
import { systemClock } from '../../system-clock.ts';
import { startThreads } from '../../threads/start-threads.ts';
import { exitCodes } from '../exit-codes.ts';
import { homeApi } from '../home-api.ts';
import { readHomeAside } from '../home-aside.ts';
import { readHomeConfig } from '../home-config.ts';
import { coresOfMachine } from '../machine.ts';
import { tellParent } from '../parent.ts';
import { printDiagnostics } from '../print-diagnostics.ts';
import { quickConfig } from '../quick-config.ts';
import { Reloader } from '../reloader.ts';
import { linesOfReload } from '../reload-lines.ts';
import { describeRedis } from '../describe-redis.ts';
import { type Fingerprint, fingerprintOf } from '../watch/fingerprint.ts';
import { HomeWatch } from '../watch/home-watch.ts';
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
  readonly watch: boolean;
}

/** `sluice start`: runs one gateway until it is told to end, then drains; SIGHUP makes it read its files again. Gives the exit code. */
export async function runStart(options: StartOptions): Promise<number> {
  const store = options.store === undefined ? undefined : parseStoreUrl(options.store);
  if (typeof store === 'string') return usage(`--store: ${store}`);
  const { home } = options;
  const before = await fingerprintOf(home);
  const files = options.to === undefined ? await readHomeConfig(home) : undefined;
  const configured = files ?? configOfFlags(options);
  if (typeof configured === 'string') return usage(configured);
  printFindings(configured.diagnostics);
  if (configured.config === undefined) return exitCodes.badConfiguration;
  const config = withFlags(configured.config, options, store);
  const noHub = hubProblem(config);
  if (noHub !== undefined) return refuse(noHub, exitCodes.badConfiguration);
  const starting = Promise.withResolvers<RunningGateway>();
  let inForce = config;
  const takeOver = async (changed: Config): Promise<readonly string[]> => {
    const next = withFlags(changed, options, store);
    const restartNeeded = await (await starting.promise).reload(next);
    inForce = next;
    return restartNeeded;
  };
  const reloader = new Reloader({
    read: async (known) => judged(await readHomeAside(home, known), config),
    first: files,
    takeOver,
    reloaded: tellReload,
    reportBug: (error) => say(bugLine(error)),
  });
  process.on('SIGHUP', () => void reloader.reload('SIGHUP'));
  const judge = (read: ReadConfig): ReadConfig => judged(read, config);
  const api = files && homeApi({ path: home, reloader, judge, takeOver, inForce: () => inForce, say });
  const reload = (): Promise<ReloadReport> => reloader.reload('POST /reload');
  let gateway;
  try {
    gateway = await startServing(config, { report: say, reload, ...api });
  } catch (error) {
    await api?.close();
    if (!isTakenPort(error)) throw error;
    return refuse(`can't listen: ${error.message}`, exitCodes.failed);
  }
  announce(config, gateway);
  starting.resolve(gateway);
  api?.start();
  const homeWatch = files && watchHome(before, home, config, reloader);
  say(`${await untilToldToEnd()}: draining`);
  homeWatch?.close();
  await api?.close();
  await gateway.close();
  return exitCodes.done;
}

function tellReload(report: ReloadReport, askers: string): void {
  if ('diagnostics' in report) printFindings(report.diagnostics);
  for (const line of linesOfReload(report)) say(`${askers}: ${line}`);
}

function watchHome(
  before: Fingerprint,
  homePath: string,
  { reload: { watch, pollMs } }: Config,
  reloader: Reloader,
): HomeWatch | undefined {
  if (!watch) return undefined;
  const changed = (stillRest: () => Promise<boolean>): Promise<void> =>
    reloader.reloadIfChanged('the files have changed', stillRest);
  const namedPaths = (): readonly string[] => reloader.namedPaths;
  return new HomeWatch(before, { homePath, clock: systemClock, pollMs, namedPaths, changed, report: say });
}

function announce(config: Config, gateway: RunningGateway): void {
  const { ports, adminPort } = gateway;
  say(`serving ${config.apis.length} APIs on ${addressesOf(config, gateway).join(' and ')}`);
  say(`admin on http://${config.admin.host}:${adminPort}, counters: ${describeStore(config)}`);
  tellParent({ listening: { port: ports.http ?? ports.https ?? 0, httpsPort: ports.https, adminPort } });
}

function startServing(config: Config, around: Surroundings): Promise<RunningGateway> {
  const threads = config.listener.threads === 'auto' ? coresOfMachine() : config.listener.threads;
  return threads === 1 ? startGateway(config, around) : startThreads(config, { ...around, threads });
}

function say(line: string): void {
  process.stderr.write(`sluice: ${line}\n`);
}

function printFindings(diagnostics: readonly Diagnostic[]): void {
  printDiagnostics(
    diagnostics.filter(({ severity }) => severity !== 'note'),
    process.stderr,
  );
}

function configOfFlags({ to = '', limit, by }: StartOptions): ReadConfig | string {
  if (limit === undefined) return '--to needs --limit, such as --limit 100/min';
  const config = quickConfig({ to, limit, by });
  return typeof config === 'string' ? config : { config, diagnostics: [] };
}

function withFlags(config: Config, options: StartOptions, store: StoreSettings = config.store): Config {
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
    reload: { ...config.reload, watch: options.watch && config.reload.watch },
  };
}

/** The files were checked as they are; flags may have chosen another store, or threads. */
function hubProblem(config: Config): string | undefined {
  return config.apis.some(({ webSub }) => webSub !== undefined) ? hubStoreProblem(config) : undefined;
}

/** What was read of changed files, as far as a gateway that runs with these settings can go by it: its store and threads stay. */
function judged<Read extends ReadConfig>(
  read: Read,
  { store, listener }: Config,
): Omit<Read, 'config'> & ReadConfig {
  const { config, ...rest } = read;
  const problem = config && hubProblem({ ...config, store, listener });
  if (problem === undefined) return read;
  const finding = wholeFile('error', 'not-supported', 'apis', problem);
  return { ...rest, diagnostics: [...read.diagnostics, finding] };
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
