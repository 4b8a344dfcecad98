import type { Endpoint } from './connect.ts';
import { keySlot, slotCount } from './key-slot.ts';

/** Which primary has which slots of a Redis Cluster, as one node sees it. */
export interface ClusterView {
  /** Grows with each change that the cluster agrees on: of two views the one with the higher epoch is the newer. */
  readonly epoch: number;
  /** The name of the primary of each slot; undefined where there is none. */
  readonly owners: readonly (string | undefined)[];
}

/** A node by its address, as one word. */
export function nodeName({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}

export function endpointOf(name: string): Endpoint {
  const colon = name.lastIndexOf(':');
  return { host: name.slice(0, colon), port: Number(name.slice(colon + 1)) };
}

/** The replies to CLUSTER INFO and CLUSTER SLOTS of a node that was reached at `asked`, or nothing when they make no sense. */
export function clusterView(info: unknown, slots: unknown, asked: Endpoint): ClusterView | undefined {
  const epoch = Number(/^cluster_current_epoch:(\d+)/m.exec(String(info))?.[1]);
  if (!Number.isSafeInteger(epoch) || !Array.isArray(slots)) return undefined;
  const owners = Array.from<string | undefined>({ length: slotCount });
  for (const range of slots) {
    if (!Array.isArray(range)) return undefined;
    const [from, to, primary] = range as readonly unknown[];
    const name = Array.isArray(primary) ? nameOf(primary, asked) : undefined;
    if (name !== undefined) owners.fill(name, Number(from), Number(to) + 1);
  }
  return { epoch, owners };
}

/** A node that doesn't know its own address is where it was asked. */
function nameOf([host, port]: readonly unknown[], asked: Endpoint): string | undefined {
  if (host === '?') return undefined;
  const isKnown = typeof host === 'string' && host !== '';
  return nodeName({ host: isKnown ? host : asked.host, port: Number(port) });
}

const rosterTriesMax = 100_000;

/** For each primary the name of a roster that lies on it; all gateways find the same ones. One with very few slots may have none. */
export function rostersOf(owners: ClusterView['owners']): ReadonlyMap<string, string> {
  const rosters = new Map<string, string>();
  const primaries = new Set(owners.filter((name) => name !== undefined)).size;
  for (let number = 0; number < rosterTriesMax && rosters.size < primaries; number += 1) {
    const roster = `sluice:gateways:${number}`;
    const owner = owners[keySlot(roster)];
    if (owner !== undefined && !rosters.has(owner)) rosters.set(owner, roster);
  }
  return rosters;
}
