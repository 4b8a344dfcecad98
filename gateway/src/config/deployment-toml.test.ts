import { describe, expect, test } from 'vitest';
import { environment } from '../../test/config/homes.ts';
import { read, redis } from '../../test/config/deployment-text.ts';
import { readDeploymentToml } from './deployment-toml.ts';
import type { Diagnostic } from './diagnostic.ts';

test('an empty file means all defaults', () => {
  expect(read('')).toEqual({
    settings: {
      gateway: { id: 'test-host', countMin: 1, claimDeadlineMs: 50 },
      store: { kind: 'memory' },
      onStoreFailure: {
        api: 'local',
        operation: 'local',
        subscription: 'local',
        burst: 'local',
        application: 'local',
        'application-burst': 'local',
        custom: 'local',
        backend: 'local',
      },
      leases: { horizonMs: 100, recheckMs: 100 },
      listener: {
        host: '0.0.0.0',
        http: true,
        port: 8280,
        threads: 1,
        underscoreNames: 'drop',
        trustedProxies: [],
      },
      backends: {
        bounds: {
          connectionsMax: 256,
          waitingMax: 1024,
          waitMsMax: 10_000,
          connectMsMax: 5000,
          headMsMax: 60_000,
          bodyIdleMsMax: 60_000,
        },
        tls: { verify: true },
      },
      admin: { host: '127.0.0.1', port: 9090 },
      reload: { watch: true, pollMs: 10_000 },
      webSub: { callbackHosts: [], callbackNetworks: [] },
      tokens: { issuers: [], forwarded: false, revoked: [] },
      switches: {},
      responses: { retryAfter: 'seconds', rateLimitFields: true, errorFormat: 'json' },
    },
    found: [],
  });
});

test('every setting is read, numbers and booleans also as strings', () => {
  const { settings, found } = read(`
[apim.redis_config]
host = "::1"
port = "6380"
user = ""
password = 1234
database_id = "2"
ssl = "TRUE"
connection_timeout = "2000"
socket_timeout = 3000
gateway_id = "$env{REDIS_PASSWORD}-1"
min_gateway_count = "4"
key_lock_retrieval_timeout = "60"
${redis}
[sluice.listener]
http_port = "0"
host = "localhost"
trusted_proxies = ["10.0.0.1", "fd00::/8"]
[sluice.admin]
port = "9999"
host = "::"
[sluice.store]
on_failure = "allow"
on_failure_of = { burst = "deny" }
durability = "replica"
[sluice.leases]
horizon = "10"
recheck = 10000
[sluice.responses]
retry_after = "http-date"
rate_limit_fields = "false"
error_format = "accept"
`);
  expect(found).toEqual([]);
  expect(settings).toMatchObject({
    gateway: { id: 'hunter2-1', countMin: 4, claimDeadlineMs: 60 },
    listener: { host: 'localhost', port: 0, trustedProxies: ['10.0.0.1', 'fd00::/8'] },
    admin: { host: '::', port: 9999 },
    onStoreFailure: { burst: 'deny', api: 'allow' },
    leases: { horizonMs: 10, recheckMs: 10_000 },
    responses: { retryAfter: 'http-date', rateLimitFields: false, errorFormat: 'accept' },
  });
  expect(settings?.store).toEqual({
    kind: 'redis',
    topology: 'standalone',
    host: '::1',
    port: 6380,
    password: '1234',
    database: 2,
    tls: {},
    connectDeadlineMs: 2000,
    silenceMsMax: 3000,
    durability: 'replica',
  });
});

test('the offset is added to default ports only', () => {
  const offset = '[server]\noffset = "5"\n';
  expect(read(offset).settings).toMatchObject({ listener: { port: 8285 }, admin: { port: 9095 } });
  const { settings } = read(`${offset}[sluice.listener]\nhttp_port = 80\n[sluice.admin]\nport = 9999\n`);
  expect(settings).toMatchObject({ listener: { port: 80 }, admin: { port: 9999 } });
});

describe('keys without effect', () => {
  test("WSO2's sections are one note each, and their placeholders stay alone", () => {
    const { found } = read(`[database.apim_db]
password = "$secret{unknown}"
[database.shared_db]
url = "$env{UNSET}"
[keystore.tls]
[apim.throttling]
[[apim.throttling.url_group]]
[server]
hostname = "$env{UNSET}"
`);
    expect(found).toEqual(['1 note no-effect', '5 note no-effect', '9 note no-effect', '7 note no-effect']);
  });

  test('every throttling key of WSO2 says why it has no effect', () => {
    const diagnostics: Diagnostic[] = [];
    const text = `[throttle_properties]
'throttling.sync-async_hybrid_mode.enable' = true
'throttling.local_quota_buffer_percentage' = 30
'throttling.replication.frequency' = "50"
throttling.pool.size = 1
'throttling.distributed.counter.configurations.x' = "y"
'stale.counter.references' = 1
`;
    readDeploymentToml([{ path: 'deployment.toml', text }], environment, (found) => diagnostics.push(found));
    expect(diagnostics).toHaveLength(6);
    for (const { severity, message } of diagnostics) {
      expect(severity).toBe('note');
      expect(message).toMatch(/^throttle_properties\.(throttling|stale)\.\S+ has no effect here: .{10,}\.$/);
    }
  });

  test('keys that nobody knows are warnings with a hint, errors in our own tables', () => {
    const diagnostics: Diagnostic[] = [];
    const text = `[datbase]
[apim.redis_confg]
[server]
ofset = 1
[sluice.response]
[sluice.admin]
prot = 1
[sluice.leases]
horizn = 1
`;
    readDeploymentToml([{ path: 'deployment.toml', text }], environment, (found) => diagnostics.push(found));
    expect(diagnostics.map(({ severity, hint }) => `${severity}: ${hint}`).toSorted()).toEqual([
      'error: Did you mean "horizon"?',
      'error: Did you mean "port"?',
      'error: Did you mean "responses"?',
      'warning: Did you mean "database"?',
      'warning: Did you mean "offset"?',
      'warning: Did you mean "redis_config"?',
    ]);
  });
});

test('the value of a placeholder is never shown', () => {
  const diagnostics: Diagnostic[] = [];
  const text = '[apim.redis_config]\nport = "$env{REDIS_PASSWORD}"\n';
  readDeploymentToml([{ path: 'deployment.toml', text }], environment, (found) => diagnostics.push(found));
  expect(diagnostics[0]?.message).toContain('the value of "$env{REDIS_PASSWORD}"');
  expect(JSON.stringify(diagnostics)).not.toContain('hunter2');
});

test('a secret that does not fit is not shown', () => {
  const diagnostics: Diagnostic[] = [];
  const text = `[apim.redis_config]\npassword = "${'hunter2'.repeat(200)}"\n`;
  readDeploymentToml([{ path: 'deployment.toml', text }], environment, (found) => diagnostics.push(found));
  expect(diagnostics[0]?.message).toBe(
    'password: found a string, expected a string of at most 1000 characters.',
  );
  expect(JSON.stringify(diagnostics)).not.toContain('hunter2');
});

test('two listeners share a port only on different addresses', () => {
  const at = (listener: string, admin: string): readonly string[] =>
    read(
      `[sluice.listener]\nhttp_port = 9000\nhost = "${listener}"\n[sluice.admin]\nport = 9000\nhost = "${admin}"`,
    ).found;
  expect(at('10.0.0.1', '127.0.0.1')).toEqual([]);
  expect(at('0.0.0.0', '127.0.0.1')).toEqual(['5 error conflict']);
  expect(at('10.0.0.1', '10.0.0.1')).toEqual(['5 error conflict']);
});
