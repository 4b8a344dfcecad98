import { describe, expect, test } from 'vitest';
import { read, redis } from '../../test/config/deployment-text.ts';

const clustering = `[clustering]
enable = true
local_member_host = "127.0.0.1"
members = ["127.0.0.1:4001"]
`;

describe('where counters are kept', () => {
  test.each([
    ['local', `[throttle_properties]\n'throttling.distributed.counter.type' = "local"`, 'memory'],
    ['nothing said', '', 'memory'],
    [
      'hazelcast without clustering',
      `[throttle_properties]\n"throttling.distributed.counter.type" = "hazelcast"`,
      'memory',
    ],
    ['clustering switched off', '[clustering]\nenable = false', 'memory'],
    [
      'redis, in nested tables',
      '[apim.redis_config]\nhost = "h"\n[throttle_properties]\nthrottling.distributed.counter.type = "redis"',
      'redis',
    ],
    ['clustering', clustering, 'cluster'],
    [
      'hazelcast with clustering',
      `${clustering}[throttle_properties]\n"throttling.distributed.counter.type" = "hazelcast"`,
      'cluster',
    ],
    ['a socket', '[sluice.store]\nsocket = "/run/sluice.sock"', 'peer'],
  ])('%s', (_, text, kind) => {
    const { settings, found } = read(text);
    expect(settings?.store.kind).toBe(kind);
    expect(found.filter((line) => !line.includes('note'))).toEqual([]);
  });

  test.each([
    ['a gateway count', '[apim.redis_config]\nmin_gateway_count = 3', '2 warning counts-per-gateway'],
    ['a gateway id', '[apim.redis_config]\nhost = "h"\ngateway_id = "a"', '3 warning counts-per-gateway'],
    ['a Redis server', '[apim.redis_config]\nhost = "h"', '1 warning counts-per-gateway'],
    ['a Redis Cluster', '[sluice.redis]\ncluster_nodes = ["h:1"]', '1 warning counts-per-gateway'],
    [
      'clustering',
      `[throttle_properties]\n'throttling.distributed.counter.type' = "local"\n[clustering]\nenable = true`,
      '3 warning counts-per-gateway',
    ],
  ])('counting alone in spite of %s is warned about', (_, text, warning) => {
    expect(read(text).found).toContain(warning);
  });

  test('a shared socket needs no such warning', () => {
    expect(read('[apim.redis_config]\nmin_gateway_count = 3\n[sluice.store]\nsocket = "/s"').found).toEqual(
      [],
    );
  });

  test('a mistyped type is one error, and no guess about who counts', () => {
    const text = `[apim.redis_config]\nhost = "h"\n[throttle_properties]\n'throttling.distributed.counter.type' = "rediss"`;
    expect(read(text).found).toEqual(['4 error invalid-value']);
  });

  test('a type that is set in both spellings is an error', () => {
    const both = `${redis}throttling.distributed.counter.type = "local"\n[apim.redis_config]\nhost = "h"`;
    expect(read(both).found).toContain('3 error duplicate');
  });
});
