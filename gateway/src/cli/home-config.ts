import { createHash } from 'node:crypto';
import { readConfig, type ReadConfig } from '../config/read-config.ts';
import { machineEnvironment } from './machine.ts';
import { readHome } from './read-home.ts';
import { fingerprintOf } from './watch/fingerprint.ts';

/** A home as it was read. */
export interface HomeConfig extends ReadConfig {
  /** Of all that was read, other files that the home names included; the same files have the same one. */
  readonly digest: string;
  /** The other files that the home names, as it names them. */
  readonly namedPaths: readonly string[];
  /** How many files it holds; without end when that is not known. */
  readonly files: number;
}

const attemptsMax = 3;

/**
 * Reads the files of a home folder, and makes a Config of them or finds every problem in them. Where something was written to them
 * meanwhile they are read again, so that files that change together are seen together.
 */
export async function readHomeConfig(homePath: string): Promise<HomeConfig> {
  for (let attempt = 1; ; attempt += 1) {
    const { print } = await fingerprintOf(homePath);
    const read = await readOnce(homePath);
    if (attempt === attemptsMax || (await fingerprintOf(homePath)).print === print) return read;
  }
}

async function readOnce(homePath: string): Promise<HomeConfig> {
  const read = await readHome(homePath);
  if ('diagnostics' in read)
    return { ...read, digest: digestOf([read.diagnostics]), namedPaths: [], files: Infinity };
  const named = new Map<string, unknown>();
  const environment = machineEnvironment(homePath);
  const checked = readConfig(read.home, {
    ...environment,
    namedFile: (path) => {
      const file = environment.namedFile(path);
      named.set(path, file);
      return file;
    },
  });
  return {
    ...checked,
    digest: digestOf([read.home, [...named]]),
    namedPaths: [...named.keys()],
    files: read.home.length,
  };
}

function digestOf(parts: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(JSON.stringify(part));
  return hash.digest('hex').slice(0, 16);
}
