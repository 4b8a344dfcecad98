import { add, change, type BrokenHome, paths } from './broken-home.ts';

const { toml } = paths;

/** What is wrong with where the counters are to be kept. */
export const brokenStores: readonly BrokenHome[] = [
  {
    name: 'an unknown counter type',
    ...change(toml, '"redis"', '"rediss"'),
    at: `${toml}:10:41 error[invalid-value]`,
    says: 'found a string "rediss"',
  },
  {
    name: 'counters in Redis without a host',
    ...change(toml, 'host = "127.0.0.1"', ''),
    at: `${toml}:10:41 error[missing-value]`,
    says: 'has no host',
  },
  {
    name: 'counters in two Redis servers',
    ...change(toml, '[server]', '[sluice.redis]\nurl = "redis://gw:hunter2@other:6379"\n\n[server]'),
    at: `${toml}:13:1 error[conflict]`,
    says: 'stands there twice, as host in [apim.redis_config] and as url in [sluice.redis]',
    errors: 3,
  },
  {
    name: 'sentinels and the nodes of a cluster',
    ...change(
      toml,
      '[apim.redis_config]\nhost = "127.0.0.1"\nport = 6379',
      '[sluice.redis]\nsentinels = ["a:26379"]\nmaster_name = "m"\ncluster_nodes = ["b:6379"]\n[apim.redis_config]',
    ),
    at: `${toml}:4:1 error[conflict]`,
    says: 'as sentinels in [sluice.redis] and as cluster_nodes in [sluice.redis]',
  },
  {
    name: 'a mistyped key of Redis',
    ...change(toml, '[server]', '[sluice.redis]\nca_flie = "ca.pem"\n\n[server]'),
    at: `${toml}:13:1 error[unknown-key]`,
    says: '"ca_flie"',
  },
  {
    name: 'a certificate authority without TLS',
    ...change(toml, '[server]', '[sluice.redis]\nca_file = "nowhere.pem"\n\n[server]'),
    at: `${toml}:13:1 error[conflict]`,
    says: 'ca_file needs TLS',
  },
  {
    name: 'a file of a certificate authority that is not there',
    ...change(
      toml,
      'port = 6379',
      'ssl = true\n[sluice.redis]\nca_file = "nowhere.pem"\n[apim.redis_config.x]',
    ),
    at: `${toml}:5:11 error[unreadable-file]`,
    says: `ca_file: the file "nowhere.pem" can't be read: ENOENT`,
  },
  {
    name: 'a durability that does not exist',
    ...change(toml, 'on_failure = "local"', 'durability = "quorum"'),
    at: `${toml}:20:14 error[invalid-value]`,
    says: 'expected one of "primary", "replica"',
  },
  {
    name: 'clustering without members',
    ...add(toml, '[clustering]\nenable = true\nlocal_member_host = "127.0.0.1"\n'),
    at: `${toml}:1:2 error[missing-value]`,
    says: 'members is missing',
  },
  {
    name: 'members without a port',
    ...add(toml, '[clustering]\nenable = true\nlocal_member_host = "127.0.0.1"\nmembers = ["10.0.0.1"]\n'),
    at: `${toml}:4:12 error[invalid-value]`,
    says: 'expected a member as "host:port"',
  },
  {
    name: 'members on other hosts without a secret',
    ...add(
      toml,
      '[clustering]\nenable = true\nlocal_member_host = "127.0.0.1"\nmembers = ["10.0.0.1:4000"]\n',
    ),
    at: `${toml}:1:2 error[missing-value]`,
    says: 'secret is missing',
  },
  {
    name: 'counters in a cluster that is not enabled',
    ...change(toml, '"redis"', '"cluster"'),
    at: `${toml}:10:41 error[conflict]`,
    says: '[clustering] is not enabled',
  },
  {
    name: 'counters in two stores',
    ...change(toml, 'on_failure = "local"', 'socket = "/run/sluice.sock"'),
    at: `${toml}:20:10 error[conflict]`,
    says: 'not both',
  },
];
