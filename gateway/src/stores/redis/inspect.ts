import type { Redis } from 'ioredis';
import { isReply } from './ask.ts';
import { lackingRules, lackingSentinelRules, type RedisUse, sentinelUserLine, userLine } from './acl.ts';
import { connectPlain, type Endpoint, type RedisAccess } from './connect.ts';
import { clusterView, endpointOf, nodeName } from './slot-map.ts';
import type { SentinelAddress } from './sentinel-watch.ts';

/** What a server says of itself. */
export interface ServerFacts {
  readonly at: string;
  /** Such as `Redis 7.0.15` or `Valkey 8.1.0`. */
  readonly version: string;
  readonly role: 'primary' | 'replica';
  /** `none`, `RDB`, `AOF`, `AOF and RDB`; `without AOF` when the user may not ask about RDB. */
  readonly persistence: string;
  readonly evictionPolicy: string;
  readonly replicas: number;
}

/** The stable names of all findings about servers; docs/high-availability.md explains each. */
export const findingCodes = [
  'acl',
  'evicting',
  'no-replica',
  'not-persistent',
  'not-primary',
  'too-old',
  'unreachable',
] as const;

type FindingCode = (typeof findingCodes)[number];

/** Something about a server that keeps counters from being exact, or may do so when something fails. */
export interface ServerFinding {
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  readonly at: string;
  readonly message: string;
  readonly hint?: string;
}

export interface Inspection {
  readonly servers: readonly ServerFacts[];
  readonly findings: readonly ServerFinding[];
}

type Report = (finding: ServerFinding) => void;

/** Looks at one server as it will be used. */
export async function inspectServer(
  address: RedisAccess & Endpoint,
  use: RedisUse & { readonly mayBeReplica?: boolean },
): Promise<Inspection> {
  const findings: ServerFinding[] = [];
  const at = nodeName(address);
  const report: Report = (finding) => findings.push(finding);
  const facts = await onConnection(address, report, async (redis) => {
    const lacking = await lackingRules(redis, use);
    if (lacking.length > 0) {
      const message = `The user lacks ${lacking.join(' ')}.`;
      report({ severity: 'error', code: 'acl', at, message, hint: userLine(address.user ?? 'default', use) });
    }
    if (lacking.includes('+info')) return undefined;
    const found = factsIn(at, await redis.info(), await savesSnapshots(redis));
    reportFacts(found, use, report);
    return found;
  });
  return { servers: facts === undefined ? [] : [facts], findings };
}

/** Asks every sentinel; gives the primary that they name, if any does. */
export async function inspectSentinels(
  address: SentinelAddress,
): Promise<{ readonly primary: Endpoint | undefined; readonly findings: readonly ServerFinding[] }> {
  const findings: ServerFinding[] = [];
  const { sentinelUser: user, sentinelPassword: password, masterName } = address;
  const access = {
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    database: 0,
    tls: address.sentinelTls,
    connectDeadlineMs: address.connectDeadlineMs,
    silenceMsMax: address.silenceMsMax,
  };
  const primaries = await Promise.all(
    address.sentinels.map((sentinel) => {
      const at = nodeName(sentinel);
      const report: Report = (finding) => findings.push(finding);
      return onConnection<Endpoint>({ ...access, ...sentinel }, report, async (redis) => {
        const lacking = await lackingSentinelRules(redis, masterName);
        if (lacking.length > 0) {
          const message = `The user of the sentinels lacks ${lacking.join(' ')}.`;
          report({ severity: 'error', code: 'acl', at, message, hint: sentinelUserLine(user ?? 'default') });
          return undefined;
        }
        const answer = await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName);
        if (Array.isArray(answer)) return { host: String(answer[0]), port: Number(answer[1]) };
        const message = `This sentinel watches over no primary called ${JSON.stringify(masterName)}.`;
        report({ severity: 'error', code: 'not-primary', at, message });
        return undefined;
      });
    }),
  );
  return { primary: primaries.find((one) => one !== undefined), findings };
}

/** The primaries of a cluster as the first node that answers sees them. */
export async function inspectNodes(
  address: RedisAccess & { readonly nodes: readonly Endpoint[] },
): Promise<{ readonly primaries: readonly Endpoint[]; readonly findings: readonly ServerFinding[] }> {
  const findings: ServerFinding[] = [];
  const report: Report = (finding) => findings.push(finding);
  for (const node of address.nodes) {
    const owners = await onConnection({ ...address, ...node }, report, async (redis) => {
      const view = clusterView(await redis.cluster('INFO'), await redis.cluster('SLOTS'), node);
      return view?.owners;
    });
    const names = new Set(owners?.filter((name) => name !== undefined));
    if (names.size > 0) return { primaries: [...names].map(endpointOf), findings };
  }
  return { primaries: [], findings };
}

/** Connects, looks, and disconnects; a server that can't be reached, or breaks off, is reported. */
async function onConnection<Found>(
  address: RedisAccess & Endpoint,
  report: Report,
  look: (redis: Redis) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const redis = connectPlain(address);
  try {
    await untilReady(redis);
    return await look(redis);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    report({ severity: 'error', code: 'unreachable', at: nodeName(address), message: `No answer: ${said}.` });
    return undefined;
  } finally {
    redis.disconnect();
  }
}

function untilReady(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    redis.once('ready', resolve);
    // The first error says why; those that follow repeat it.
    redis.on('error', reject);
  });
}

/** Whether it writes snapshots to disk; undefined when the user may not ask, as is so with the least of rules. */
async function savesSnapshots(redis: Redis): Promise<boolean | undefined> {
  try {
    const answer = await redis.call('CONFIG', 'GET', 'save');
    return Array.isArray(answer) ? answer[1] !== '' : undefined;
  } catch (error) {
    if (isReply(error)) return undefined;
    throw error;
  }
}

function factsIn(at: string, info: string, snapshots: boolean | undefined): ServerFacts {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const valkey = field('valkey_version');
  return {
    at,
    version:
      valkey === undefined
        ? `Redis ${field('redis_version') ?? 'of an unknown version'}`
        : `Valkey ${valkey}`,
    role: field('role') === 'slave' ? 'replica' : 'primary',
    persistence: persistenceOf({ snapshots, log: field('aof_enabled') === '1' }),
    evictionPolicy: field('maxmemory_policy') ?? 'unknown',
    replicas: [...info.matchAll(/^slave\d+:.*state=online/gm)].length,
  };
}

function persistenceOf(writes: { readonly snapshots: boolean | undefined; readonly log: boolean }): string {
  if (writes.log) return writes.snapshots === true ? 'AOF and RDB' : 'AOF';
  if (writes.snapshots === undefined) return 'without AOF';
  return writes.snapshots ? 'RDB' : 'none';
}

function reportFacts(facts: ServerFacts, { isDurable, isCluster }: RedisUse, report: Report): void {
  const { at, version, role, persistence, evictionPolicy, replicas } = facts;
  const [, major = 0, minor = 0] = /^Redis (\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (version.startsWith('Redis') && (major < 6 || (major === 6 && minor < 2))) {
    report({
      severity: 'error',
      code: 'too-old',
      at,
      message: `Found ${version}, expected Redis 6.2 or later, or Valkey.`,
    });
  }
  if (role === 'replica') {
    report({
      severity: 'error',
      code: 'not-primary',
      at,
      message: 'This server is a replica: no claim can be settled there.',
    });
  }
  if (evictionPolicy !== 'noeviction') {
    const message = `maxmemory-policy is ${evictionPolicy}: counters of running windows may be evicted.`;
    report({
      severity: 'error',
      code: 'evicting',
      at,
      message,
      hint: 'CONFIG SET maxmemory-policy noeviction',
    });
  }
  if (isDurable && role === 'primary' && replicas === 0) {
    const message = 'durability is "replica", and this primary has none: every claim would fail.';
    report({ severity: 'error', code: 'no-replica', at, message });
  } else if (isCluster && role === 'primary' && replicas === 0) {
    const message = 'This primary has no replica: when it fails, its counters can be counted by nobody.';
    report({ severity: 'warning', code: 'no-replica', at, message });
  }
  if (persistence === 'none' && replicas === 0) {
    const message =
      'Nothing is written to disk, and there is no replica: a restart forgets the running windows.';
    report({ severity: 'warning', code: 'not-persistent', at, message });
  }
}
