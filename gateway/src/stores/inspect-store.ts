import type { RedisSettings } from '../config/config.ts';
import type { RedisUse } from './redis/acl.ts';
import { type Inspection, inspectNodes, inspectSentinels, inspectServer } from './redis/inspect.ts';

/** Connects to the Redis that the configuration names, and looks at every server that would settle claims. Changes nothing. */
export async function inspectStore(
  settings: RedisSettings,
  { isHub }: Pick<RedisUse, 'isHub'>,
): Promise<Inspection> {
  const use: RedisUse = {
    database: settings.database,
    isCluster: settings.topology === 'cluster',
    isDurable: settings.durability === 'replica',
    isHub,
  };
  switch (settings.topology) {
    case 'standalone':
      return inspectServer(settings, use);
    case 'sentinel': {
      const { primary, findings } = await inspectSentinels(settings);
      if (primary === undefined) return { servers: [], findings };
      const found = await inspectServer({ ...settings, ...primary }, use);
      return { servers: found.servers, findings: [...findings, ...found.findings] };
    }
    case 'cluster': {
      const { primaries, findings } = await inspectNodes(settings);
      const found = await Promise.all(primaries.map((node) => inspectServer({ ...settings, ...node }, use)));
      return {
        servers: found.flatMap(({ servers }) => servers),
        findings: [...findings, ...found.flatMap((one) => one.findings)],
      };
    }
    default:
      return settings satisfies never;
  }
}
