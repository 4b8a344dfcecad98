import { describe, expect, test } from 'vitest';
import { environment, lines } from '../../test/config/homes.ts';
import type { StoreSettings } from './config.ts';
import { readDeploymentToml } from './deployment-toml.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { NamedFile } from './home.ts';

const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const key = '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n';
const files: Readonly<Record<string, NamedFile>> = {
  'tls/ca.pem': { text: certificate },
  'tls/client.pem': { text: certificate },
  'tls/client.key': { text: key },
};

function read(text: string): { store: StoreSettings | undefined; found: readonly string[]; all: string } {
  const diagnostics: Diagnostic[] = [];
  const whole = `${text}\n[throttle_properties]\n'throttling.distributed.counter.type' = "redis"\n`;
  const settings = readDeploymentToml(
    [{ path: 'deployment.toml', text: whole }],
    { ...environment, namedFile: (path) => files[path] ?? { problem: 'ENOENT' } },
    (diagnostic) => diagnostics.push(diagnostic),
  );
  const found = lines(diagnostics).map((line) => line.replace(/^deployment\.toml:/, ''));
  return { store: settings?.store, found, all: JSON.stringify(diagnostics) };
}

const access = { kind: 'redis', database: 0, tls: false, connectDeadlineMs: 1000, silenceMsMax: 1000 };
const primary = { ...access, durability: 'primary' };

describe('where Redis is', () => {
  test('sentinels, with credentials of their own', () => {
    const { store, found } = read(`[apim.redis_config]
user = "gw"
password = "$env{REDIS_PASSWORD}"
[sluice.redis]
sentinels = ["10.0.0.1:26379", "[fd00::2]:26379", "s3.internal:26379"]
master_name = "limits"
sentinel_user = "watch"
sentinel_password = "$env{REDIS_PASSWORD}"
[sluice.store]
durability = "replica"`);
    expect(found).toEqual([]);
    expect(store).toEqual({
      ...access,
      topology: 'sentinel',
      user: 'gw',
      password: 'hunter2',
      sentinels: [
        { host: '10.0.0.1', port: 26_379 },
        { host: 'fd00::2', port: 26_379 },
        { host: 's3.internal', port: 26_379 },
      ],
      masterName: 'limits',
      sentinelUser: 'watch',
      sentinelPassword: 'hunter2',
      sentinelTls: false,
      durability: 'replica',
    });
  });

  test('the nodes of a cluster', () => {
    const { store, found } = read('[sluice.redis]\ncluster_nodes = ["a:7000", "b:7001"]');
    expect(found).toEqual([]);
    expect(store).toEqual({
      ...primary,
      topology: 'cluster',
      nodes: [
        { host: 'a', port: 7000 },
        { host: 'b', port: 7001 },
      ],
    });
  });

  test.each([
    ['redis://h', { host: 'h', port: 6379 }],
    ['redis://gw:p%40ss@h:1/3', { host: 'h', port: 1, user: 'gw', password: 'p@ss', database: 3 }],
    ['rediss://:s@[fd00::1]:1', { host: 'fd00::1', port: 1, password: 's', tls: {} }],
  ])('the URL %s', (url, expected) => {
    const { store, found } = read(`[sluice.redis]\nurl = "${url}"`);
    expect(found).toEqual([]);
    expect(store).toEqual({ ...primary, topology: 'standalone', ...expected });
  });
});

describe('TLS', () => {
  test('files are read, and the name is that of the certificate', () => {
    const { store, found } = read(`[apim.redis_config]
host = "h"
ssl = true
[sluice.redis]
ca_file = "tls/ca.pem"
cert_file = "tls/client.pem"
key_file = "tls/client.key"
server_name = "redis.internal"`);
    expect(found).toEqual([]);
    const tls = { ca: certificate, certificate, key, serverName: 'redis.internal' };
    expect(store).toMatchObject({ topology: 'standalone', tls });
  });

  test.each([
    ['as the servers do', 'ssl = true', '', { tls: {}, sentinelTls: {} }],
    ['other than the servers', 'ssl = true', 'sentinel_ssl = false', { tls: {}, sentinelTls: false }],
    ['alone', '', 'sentinel_ssl = true', { tls: false, sentinelTls: {} }],
  ])('sentinels use it %s', (_, ofServers, ofSentinels, expected) => {
    const { store, found } = read(
      `[apim.redis_config]\n${ofServers}\n[sluice.redis]\nsentinels = ["a:1"]\nmaster_name = "m"\n${ofSentinels}`,
    );
    expect(found).toEqual([]);
    expect(store).toMatchObject(expected);
  });
});

describe('what can not hold', () => {
  const url = 'url = "redis://gw:hunter2@h:1/3"';
  test.each([
    ['nothing', '', '3:41 error[missing-value] Counters are to be kept in Redis'],
    [
      'a mistyped key',
      '[sluice.redis]\nsentinel = ["a:1"]\nurl = "redis://h"',
      '2:1 error[unknown-key] "sentinel"',
    ],
    [
      'sentinels and a cluster',
      '[sluice.redis]\nsentinels = ["a:1"]\nmaster_name = "m"\ncluster_nodes = ["a:1"]',
      '4:1 error[conflict] Where Redis is stands there twice, as sentinels in [sluice.redis] and as cluster_nodes',
    ],
    [
      'a host and sentinels',
      '[apim.redis_config]\nhost = "h"\n[sluice.redis]\nsentinels = ["a:1"]\nmaster_name = "m"',
      '4:1 error[conflict] Where Redis is stands there twice, as host in [apim.redis_config]',
    ],
    [
      'a URL and a cluster',
      `[sluice.redis]\n${url}\ncluster_nodes = ["a:1"]`,
      '3:1 error[conflict] Where Redis is',
    ],
    [
      'a port without its host',
      '[apim.redis_config]\nport = 1\n[sluice.redis]\ncluster_nodes = ["a:1"]',
      '2:8 error[conflict] port belongs to host',
    ],
    [
      'sentinels that know no name',
      '[sluice.redis]\nsentinels = ["a:1"]',
      '2:1 error[missing-value] Sentinels need a master_name',
    ],
    [
      'a name without sentinels',
      `[sluice.redis]\nurl = "redis://h"\nmaster_name = "m"`,
      '3:1 error[conflict] master_name is about sentinels',
    ],
    [
      'no sentinel',
      '[sluice.redis]\nsentinels = []\nmaster_name = "m"',
      '2:13 error[invalid-value] sentinels: found a list, expected a list of 1 to 100 servers',
    ],
    [
      'a sentinel without a port',
      '[sluice.redis]\nsentinels = ["a:1", "b"]\nmaster_name = "m"',
      '2:21 error[invalid-value] sentinels[1]: found a string "b", expected a host and its port',
    ],
    ['a port of 0', '[sluice.redis]\ncluster_nodes = ["a:0"]', '2:18 error[invalid-value] cluster_nodes[0]'],
    [
      'a database of a cluster',
      '[apim.redis_config]\ndatabase_id = 1\n[sluice.redis]\ncluster_nodes = ["a:1"]',
      '2:15 error[conflict] A Redis Cluster has one database',
    ],
    [
      'a URL of something else',
      '[sluice.redis]\nurl = "http://gw:hunter2@h"',
      '2:1 error[invalid-value] url: found the scheme "http"',
    ],
    [
      'a URL that is none',
      '[sluice.redis]\nurl = "hunter2"',
      '2:1 error[invalid-value] url: found not a URL',
    ],
    [
      'a URL with a name for a database',
      '[sluice.redis]\nurl = "redis://gw:hunter2@h/x"',
      '2:1 error[invalid-value] url: found a database that',
    ],
    [
      'two users',
      `[apim.redis_config]\nuser = "x"\n[sluice.redis]\n${url}`,
      '2:1 error[conflict] user stands there twice',
    ],
    [
      'two databases',
      `[apim.redis_config]\ndatabase_id = 3\n[sluice.redis]\n${url}`,
      '2:1 error[conflict] database_id stands there twice',
    ],
    [
      'a URL without TLS and ssl',
      `[apim.redis_config]\nssl = true\n[sluice.redis]\n${url}`,
      '2:7 error[conflict] The url of [sluice.redis] says redis://',
    ],
    [
      'a CA without TLS',
      '[sluice.redis]\nurl = "redis://h"\nca_file = "tls/ca.pem"',
      '3:1 error[conflict] ca_file needs TLS',
    ],
    [
      'a CA file that is not there',
      '[sluice.redis]\nurl = "rediss://h"\nca_file = "tls/no.pem"',
      `3:11 error[unreadable-file] ca_file: the file "tls/no.pem" can't be read: ENOENT.`,
    ],
    [
      'a key for a certificate',
      '[sluice.redis]\nurl = "rediss://h"\nca_file = "tls/client.key"',
      '3:11 error[invalid-value] ca_file: found no certificate in "tls/client.key"',
    ],
    [
      'a certificate without its key',
      '[sluice.redis]\nurl = "rediss://h"\ncert_file = "tls/client.pem"',
      '3:1 error[missing-value] cert_file needs a key_file',
    ],
    [
      'a key without its certificate',
      '[sluice.redis]\nurl = "rediss://h"\nkey_file = "tls/client.key"',
      '3:1 error[missing-value] key_file needs a cert_file',
    ],
  ])('%s', (_, text, expected) => {
    const { found, all } = read(text);
    expect(found).toEqual([expect.stringContaining(expected)]);
    expect(all).not.toContain('hunter2');
  });

  test('a replica without a Redis', () => {
    const found: Diagnostic[] = [];
    const text = '[sluice.store]\ndurability = "replica"\n';
    readDeploymentToml([{ path: 'deployment.toml', text }], environment, (one) => found.push(one));
    expect(lines(found)).toEqual([
      'deployment.toml:2:14 error[conflict] Only a Redis has replicas, and counters are not kept in one.',
    ]);
  });
});
