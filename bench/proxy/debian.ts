import { spawnSync } from 'node:child_process';
import { existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's package of each program or file the bench may need. */
const packages: Readonly<Record<string, string>> = {
  wrk: 'wrk',
  nginx: 'nginx',
  haproxy: 'haproxy',
  '/usr/lib/nginx/modules/ngx_http_lua_module.so': 'libnginx-mod-http-lua',
  '/usr/share/lua/5.1/nginx/redis.lua': 'lua-nginx-redis',
};

/** Installs what is absent, where that may be done: as root, with apt-get. What remains absent is for the caller to look at. */
export function installMissing(needs: readonly string[]): void {
  const absent = [...new Set(needs)].filter((need) => !isThere(need)).map((need) => packages[need] ?? need);
  if (absent.length === 0 || process.getuid?.() !== 0 || !isThere('apt-get')) return;
  process.stderr.write(`proxy: installing ${absent.join(', ')} (once) …\n`);
  // The bench starts its own servers; Debian's services must not start.
  const policy = '/usr/sbin/policy-rc.d';
  const addsPolicy = !existsSync(policy);
  if (addsPolicy) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...absent);
  } finally {
    if (addsPolicy) unlinkSync(policy);
  }
}

/** Whether a program is on the path, or a file exists. */
export function isThere(need: string): boolean {
  if (need.startsWith('/')) return existsSync(need);
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, need)));
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr } = spawnSync('apt-get', ['-q', ...args], { env, encoding: 'utf8' });
  if (status !== 0) process.stderr.write(`proxy: apt-get ${args[0]} failed:\n${stdout}${stderr}\n`);
}
