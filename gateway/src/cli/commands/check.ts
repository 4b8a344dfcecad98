import type { Config } from '../../config/config.ts';
import type { Environment, Home } from '../../config/home.ts';
import { readConfig } from '../../config/read-config.ts';
import { inspectStore } from '../../stores/inspect-store.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Output, printDiagnostics } from '../print-diagnostics.ts';
import { printInspection } from '../print-inspection.ts';
import { readHome } from '../read-home.ts';

export interface CheckOptions {
  readonly homePath: string;
  /** Prints the findings as a JSON array. */
  readonly json: boolean;
  /** Also connects to the store that the files name, once they have no error. */
  readonly online?: boolean;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Environment;
}

/** `sluice check`: reads every file of a home and prints every finding to stdout. Gives the exit code. */
export async function checkHome(options: CheckOptions): Promise<number> {
  const { homePath, json, online = false, stdout, environment } = options;
  const read = await readHome(homePath);
  const { config, diagnostics } =
    'home' in read ? readConfig(read.home, environment) : { ...read, config: undefined };
  const isHub = config?.apis.some(({ webSub }) => webSub !== undefined) ?? false;
  const inspection =
    online && config?.store.kind === 'redis' ? await inspectStore(config.store, { isHub }) : undefined;
  if (json) {
    const result = online ? { diagnostics, ...(inspection ?? { servers: [], findings: [] }) } : diagnostics;
    stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  } else {
    if (diagnostics.length > 0) printDiagnostics(diagnostics, stdout);
    else if ('home' in read) stdout.write(`${nameFiles(read.home)}: no problem found\n`);
    if (inspection !== undefined) printInspection(inspection, stdout);
    else if (online && config !== undefined) stdout.write(nothingToReach(config));
  }
  if (diagnostics.some(({ severity }) => severity === 'error')) return exitCodes.badConfiguration;
  const errors = inspection?.findings.filter(({ severity }) => severity === 'error') ?? [];
  if (
    inspection !== undefined &&
    inspection.servers.length === 0 &&
    errors.every(({ code }) => code === 'unreachable')
  )
    return exitCodes.storeUnreachable;
  return errors.length === 0 ? exitCodes.done : exitCodes.failed;
}

function nothingToReach({ store }: Config): string {
  return store.kind === 'peer'
    ? 'counters are kept by a process of this machine: no Redis to connect to\n'
    : 'counters are kept in the gateway: no Redis to connect to\n';
}

function nameFiles([first, ...others]: Home): string {
  const more = others.length === 0 ? '' : ` and ${others.length} more file${others.length === 1 ? '' : 's'}`;
  return `${first?.path ?? ''}${more}`;
}
