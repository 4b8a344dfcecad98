import type { Inspection, ServerFacts } from '../stores/redis/inspect.ts';
import type { Output } from './print-diagnostics.ts';

/** Prints what was found out about the servers of a store, one line each, and then what is wrong with them. */
export function printInspection({ servers, findings }: Inspection, output: Output): void {
  for (const server of servers) output.write(`${lineOf(server)}\n`);
  for (const { at, severity, code, message, hint } of findings) {
    output.write(`${at} ${severity}[${code}] ${message}\n`);
    if (hint !== undefined) output.write(`  ${hint}\n`);
  }
  if (findings.length === 0) output.write('online: no problem found\n');
}

function lineOf({ at, version, role, persistence, evictionPolicy, replicas }: ServerFacts): string {
  const followed = replicas === 1 ? '1 replica' : `${replicas} replicas`;
  return `${at}: ${version}, ${role} with ${followed}, persistence ${persistence}, maxmemory-policy ${evictionPolicy}`;
}
