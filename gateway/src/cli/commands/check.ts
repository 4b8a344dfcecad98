import type { Environment, Home } from '../../config/home.ts';
import { readConfig } from '../../config/read-config.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Output, printDiagnostics } from '../print-diagnostics.ts';
import { readHome } from '../read-home.ts';

export interface CheckOptions {
  readonly homePath: string;
  /** Prints the findings as a JSON array. */
  readonly json: boolean;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Environment;
}

/** `sluice check`: reads every file of a home and prints every finding to stdout. Gives the exit code. */
export async function checkHome({ homePath, json, stdout, environment }: CheckOptions): Promise<number> {
  const read = await readHome(homePath);
  const { diagnostics } = 'home' in read ? readConfig(read.home, environment) : read;
  if (json) stdout.write(`${JSON.stringify(diagnostics, undefined, 2)}\n`);
  else if (diagnostics.length > 0) printDiagnostics(diagnostics, stdout);
  else if ('home' in read) stdout.write(`${nameFiles(read.home)}: no problem found\n`);
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  return failed ? exitCodes.badConfiguration : exitCodes.done;
}

function nameFiles([first, ...others]: Home): string {
  const more = others.length === 0 ? '' : ` and ${others.length} more file${others.length === 1 ? '' : 's'}`;
  return `${first?.path ?? ''}${more}`;
}
