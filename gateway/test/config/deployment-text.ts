import { readDeploymentToml, type Settings } from '../../src/config/deployment-toml.ts';
import type { Diagnostic } from '../../src/config/diagnostic.ts';
import { environment } from './homes.ts';

/** What the text of one deployment.toml says, and what was found in it: `line severity code`. */
export function read(text: string): { settings: Settings | undefined; found: readonly string[] } {
  const diagnostics: Diagnostic[] = [];
  const home = [{ path: 'deployment.toml', text }];
  const settings = readDeploymentToml(home, environment, (diagnostic) => diagnostics.push(diagnostic));
  return { settings, found: diagnostics.map(({ at, severity, code }) => `${at.line} ${severity} ${code}`) };
}

/** Counters are kept in Redis. */
export const redis: string = `[throttle_properties]\n'throttling.distributed.counter.type' = "redis"\n`;
