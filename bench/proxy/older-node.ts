import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A Node 20 on the path, beside the one that runs this: what the peers were measured on when the targets were set, and what Debian-based
 * systems still bring. Without one a name that nothing has, so that the proxies on it are skipped.
 */
export const node20: string =
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((path) => existsSync(path) && isNode20(path)) ?? 'node 20';

function isNode20(path: string): boolean {
  return spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.startsWith('v20.');
}
