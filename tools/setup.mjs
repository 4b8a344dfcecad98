// Makes a clone ready to run: installs the locked packages and, when asked with --redis, Debian's redis-server.
// Returns at once when nothing changed. Plain JavaScript without dependencies, for the Node that a fresh machine has.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.setup-stamp`;

installPackages();
if (process.argv.includes('--redis')) installRedis();

function installPackages() {
  const lock = readFileSync(`${root}package-lock.json`);
  const wanted = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing the locked packages (once, about half a minute) …');
  const npm = process.env['npm_execpath'];
  const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  // The system's Node may be older than what the packages want; they run on the pinned one that comes with them.
  const args = [...first, 'ci', '--loglevel=error', '--no-audit', '--no-fund'];
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) fail('npm ci failed');
  writeFileSync(stamp, wanted);
}

function installRedis() {
  if (spawnSync('redis-server', ['--version']).status === 0) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || spawnSync('apt-get', ['--version']).status !== 0) {
    say('there is no redis-server here. The tests that need a real Redis will be SKIPPED.');
    say('To run them too: apt-get install redis-server (as root), or your system’s way to install it.');
    return;
  }
  say('installing redis-server for the tests (once) …');
  // The tests start their own servers; Debian's service must not start one on the default port.
  const policy = '/usr/sbin/policy-rc.d';
  const addPolicy = !existsSync(policy);
  if (addPolicy) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'redis-server');
  } finally {
    if (addPolicy) unlinkSync(policy);
  }
}

/** @param {string[]} args */
function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr } = spawnSync('apt-get', ['-q', ...args], { env, encoding: 'utf8' });
  if (status !== 0) fail(`apt-get ${args[0]} failed:\n${stdout}${stderr}`);
}

/** @param {string} what */
function say(what) {
  process.stderr.write(`setup: ${what}\n`);
}

/** @param {string} why */
function fail(why) {
  say(why);
  process.exit(1);
}
