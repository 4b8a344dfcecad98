// What the published package needs beside what was compiled: the scripts that run inside Redis, and the demo's home.
import { cpSync, globSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const script of globSync('**/*.lua', { cwd: `${root}gateway/src` })) {
  cpSync(`${root}gateway/src/${script}`, `${root}gateway/dist/${script}`);
}
rmSync(`${root}gateway/examples`, { recursive: true, force: true });
cpSync(`${root}examples/orders-cluster`, `${root}gateway/examples/orders-cluster`, { recursive: true });
