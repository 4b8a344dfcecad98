#!/usr/bin/env node
// Plain JavaScript that old versions of Node can parse: it only checks the version and loads the command.
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `sluice needs Node.js 22.19 or newer, and this is ${process.version}.\n` +
      'In a clone, "npm start" and "npx sluice" bring the right one along.\n',
  );
  process.exit(2);
}

// Requests allocate what dies with them. V8 takes some of it for long-lived, and what that refers to survives with it: a third
// of the CPU time went into moving it (docs/performance.md).
setFlagsFromString('--no-allocation-site-pretenuring');

// Who reads the output may have read enough, as `head` has.
process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code !== 'EPIPE') throw error;
});

// A clone runs its sources; the published package has only what was compiled from them.
const source = new URL('../src/cli/main.ts', import.meta.url);
const compiled = new URL('../dist/cli/main.js', import.meta.url);
const command = /** @type {typeof import('../src/cli/main.ts')} */ (
  await import((existsSync(source) ? source : compiled).href)
);
process.exitCode = await command.main(process.argv.slice(2));
