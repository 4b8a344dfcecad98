import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import { StoreError, type CounterStore } from '../../src/limits/counter-store.ts';
import type { FixedWindow } from '../../src/limits/limit.ts';
import { ClusterPrimaries } from '../../src/stores/redis/cluster-primaries.ts';
import { ClusterStore } from '../../src/stores/redis/cluster-store.ts';
import { connectPlain, connectRedis, type RedisTls } from '../../src/stores/redis/connect.ts';
import { connectSentinel } from '../../src/stores/redis/connect-sentinel.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { SlotOwners } from '../../src/stores/redis/slot-owners.ts';
import { systemClock } from '../../src/system-clock.ts';
import { freePort } from '../support/ports.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { StoreEar } from '../support/store-ear.ts';
import { until } from '../support/until.ts';
import { opensslMissing, TlsFiles } from '../support/tls-files.ts';

describe.skipIf(redisMissing || opensslMissing)(
  'a Redis that speaks TLS only, to clients that prove who they are',
  () => {
    const serverName = 'redis.internal';
    let files: TlsFiles;
    let server: RedisServer;
    beforeAll(async () => {
      files = new TlsFiles(serverName);
      const port = await freePort();
      const users = ['--user', 'gw', 'on', '>pass', '~sluice:*', '+@all', '--user', 'default', 'off'];
      server = await RedisServer.start([...files.serverArgs(port), ...users], port);
    });
    afterAll(async () => {
      await server?.stop();
      files?.remove();
    });

    const minute: FixedWindow = { kind: 'fixed-window', quota: 5, windowMs: 60_000, starts: 'aligned' };
    const gateway = 'tls' as GatewayId;
    const parts = { gateway, clock: systemClock, events: new StoreEar() };
    const settleWith = (tls: false | RedisTls, password = 'pass'): Promise<number | string> => {
      const redis = connectRedis({ ...server.address, tls, user: 'gw', password });
      return settleOn(new RedisStore({ redis, ...parts }));
    };
    const settleOn = async (store: CounterStore): Promise<number | string> => {
      try {
        const key = counterKey('tls', minute, [String(Math.random())]);
        const claim = { key, limit: minute, gateway, seq: 1, held: 0, want: 1, atLeast: 0 };
        return (await store.settle([claim]))[0]!.granted;
      } catch (error) {
        if (error instanceof StoreError) return error.message;
        throw error;
      } finally {
        await store.close();
      }
    };
    const good = (): RedisTls => ({
      ca: files.text('ca.pem'),
      certificate: files.text('client.pem'),
      key: files.text('client.key'),
      serverName,
    });

    test('is reached with its authority, a certificate, the name in its certificate and a user of its ACL', async () => {
      expect(await settleWith(good())).toBe(1);
    });

    test.each([
      ['no TLS', (): false => false, /closed|ECONNRESET|timed out|Socket|writeable/],
      ['no authority', (): RedisTls => ({ ...good(), ca: undefined as never }), /certificate/],
      ['another name', (): RedisTls => ({ ...good(), serverName: 'other.internal' }), /altnames/],
      ['its address for a name', (): RedisTls => ({ ...good(), serverName: '127.0.0.1' }), /altnames|IP/],
      [
        'no certificate of its own',
        (): RedisTls => ({ ca: files.text('ca.pem'), serverName }),
        /certificate required|alert|closed|ECONNRESET|writeable/,
      ],
    ])('is not reached with %s, and the claim says why', async (_, tls, why) => {
      expect(await settleWith(tls())).toMatch(why);
    });

    test('is reached through a sentinel that speaks TLS only, too', async () => {
      const lines = [
        `sentinel monitor limits 127.0.0.1 ${server.port} 1`,
        'sentinel auth-user limits gw',
        'sentinel auth-pass limits pass',
        'tls-replication yes',
        `tls-ca-cert-file ${files.path('ca.pem')}`,
        `tls-cert-file ${files.path('server.pem')}`,
        `tls-key-file ${files.path('server.key')}`,
      ];
      const sentinel = await RedisServer.startSentinel(lines, true);
      const address = {
        ...server.address,
        user: 'gw',
        password: 'pass',
        tls: good(),
        sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
        masterName: 'limits',
        sentinelTls: good(),
      };
      const { main: redis, close: alsoClose } = connectSentinel(address, systemClock);
      expect(await settleOn(new RedisStore({ redis, alsoClose, ...parts }))).toBe(1);
      await sentinel.stop();
    });

    test('is reached as a node of a cluster, which names itself by its port for TLS', async () => {
      const port = await freePort();
      const cluster = [
        '--cluster-enabled',
        'yes',
        '--tls-cluster',
        'yes',
        '--cluster-port',
        String(await freePort()),
      ];
      const node = await RedisServer.start([...files.serverArgs(port), ...cluster], port);
      const address = { ...node.address, tls: good() };
      const admin = connectPlain(address);
      await new Promise((resolve) => admin.once('ready', resolve));
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
      await until(async () => (await admin.cluster('INFO')).includes('cluster_state:ok'));
      admin.disconnect();
      const nodes = [{ host: '127.0.0.1', port }];
      const primaries = new ClusterPrimaries({ ...address, nodes }, { ...parts, durable: undefined });
      expect(await settleOn(new ClusterStore({ primaries }))).toBe(1);
      const owners = new SlotOwners({ ...address, nodes }, systemClock);
      expect(await owners.ask('sluice:none', (redis) => redis.hgetall('sluice:none'))).toEqual({});
      owners.close();
      await node.stop();
    });

    test('a wrong password is told as what it is, without the password', async () => {
      const said = await settleWith(good(), 'hunter2');
      expect(said).toContain('WRONGPASS');
      expect(said).not.toContain('hunter2');
    });
  },
);
