import type { Redis } from 'ioredis';
import { isReply } from './ask.ts';

/** Which commands a gateway needs depends on how it uses Redis. */
export interface RedisUse {
  readonly database: number;
  readonly isCluster: boolean;
  /** Claims wait for a replica. */
  readonly isDurable: boolean;
  /** Subscribers of APIs of type WEBSUB are kept in it. */
  readonly isHub: boolean;
}

const keyRule = '~sluice:*';
const probeKey = 'sluice:check';

type Probe = readonly [rule: string, name: string, ...args: readonly (string | number)[]];

/** What each needed command is tried with: nothing that changes anything, or that is refused for its arguments after its ACL. */
const probes: readonly Probe[] = [
  ['+info', 'INFO', 'server'],
  ['+eval', 'EVAL', 'return 1', 0],
  ['+evalsha', 'EVALSHA', '0'.repeat(40), 0],
  ['+time', 'TIME'],
  ['+hmget', 'HMGET', probeKey, 'window'],
  ['+hgetall', 'HGETALL', probeKey],
  ['+hset', 'HSET', probeKey, 'a', 'b', 'a field without its value'],
  ['+pexpire', 'PEXPIRE', probeKey, 1],
  ['+del', 'DEL', probeKey],
  ['+unlink', 'UNLINK', probeKey],
  ['+zadd', 'ZADD', probeKey, 'no score', 'member'],
  ['+zscore', 'ZSCORE', probeKey, 'member'],
  ['+zcard', 'ZCARD', probeKey],
  ['+zrem', 'ZREM', probeKey, 'member'],
  ['+zremrangebyscore', 'ZREMRANGEBYSCORE', probeKey, '(1', '1'],
];
const durableProbes: readonly Probe[] = [['+wait', 'WAIT', 0, 1]];
const hubProbes: readonly Probe[] = [
  ['+hlen', 'HLEN', probeKey],
  ['+hdel', 'HDEL', probeKey, 'a'],
];
const clusterProbes: readonly Probe[] = [
  ['+cluster|info', 'CLUSTER', 'INFO'],
  ['+cluster|slots', 'CLUSTER', 'SLOTS'],
  ['+asking', 'ASKING'],
];

function probesFor({ database, isCluster, isDurable, isHub }: RedisUse): readonly Probe[] {
  return [
    ...probes,
    ...(database === 0 ? [] : ([['+select', 'SELECT', database]] as const)),
    ...(isCluster ? clusterProbes : []),
    ...(isDurable ? durableProbes : []),
    ...(isHub ? hubProbes : []),
  ];
}

/** The ACL rules that the user of a connection lacks, in the words of ACL SETUSER. */
export async function lackingRules(redis: Redis, use: RedisUse): Promise<readonly string[]> {
  const lacking = new Set<string>();
  for (const [rule, name, ...args] of probesFor(use)) {
    const said = await refusal(redis, name, args);
    if (said !== undefined) lacking.add(/\bkeys?\b/.test(said) ? keyRule : rule);
  }
  return [...lacking];
}

/** The least that a user needs, as one command for redis-cli. */
export function userLine(user: string, use: RedisUse): string {
  const rules = probesFor(use).map(([rule]) => rule);
  return `ACL SETUSER ${user} on >PASSWORD resetkeys ${keyRule} resetchannels -@all ${rules.join(' ')}`;
}

const channelRule = '&+switch-master';

/** The same for a sentinel. */
export async function lackingSentinelRules(redis: Redis, masterName: string): Promise<readonly string[]> {
  const lacking = new Set<string>();
  for (const [rule, name, ...args] of sentinelProbes(masterName)) {
    const said = await refusal(redis, name, args);
    if (said !== undefined) lacking.add(/\bchannels?\b/.test(said) ? channelRule : rule);
  }
  return [...lacking];
}

export function sentinelUserLine(user: string): string {
  const rules = sentinelProbes('').map(([rule]) => rule);
  return `ACL SETUSER ${user} on >PASSWORD resetchannels ${channelRule} -@all ${rules.join(' ')}`;
}

function sentinelProbes(masterName: string): readonly Probe[] {
  return [
    ['+sentinel|master', 'SENTINEL', 'MASTER', masterName],
    ['+sentinel|get-master-addr-by-name', 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName],
    ['+subscribe', 'SUBSCRIBE', '+switch-master'],
  ];
}

/** What a server says when the user may not do that; nothing when it may. Rejects when there is no answer. */
async function refusal(
  redis: Redis,
  name: string,
  args: readonly (string | number)[],
): Promise<string | undefined> {
  try {
    await redis.call(name, ...args);
    return undefined;
  } catch (error) {
    if (!isReply(error)) throw error;
    return error.message.startsWith('NOPERM') ? error.message : undefined;
  }
}
