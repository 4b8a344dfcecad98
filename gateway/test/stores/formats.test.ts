import { describe, expect, test } from 'vitest';
import type { Claim, GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import type { Limit } from '../../src/limits/limit.ts';
import { FrameReader } from '../../src/stores/members/frames.ts';
import { helloOf } from '../../src/stores/members/handshake.ts';
import { messageOf } from '../../src/stores/members/messages.ts';
import { redisKey } from '../../src/stores/redis/codec.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { StoreEar } from '../support/store-ear.ts';
import { until } from '../support/until.ts';

/*
 * What gateways of version 1 leave behind and send. It stands here as it was written then: gateways of two versions run side by side
 * during an upgrade, so a later version must read it. Add to this file; change nothing in it.
 */

const noon = 1_790_000_040_000;
const minute: Limit = { kind: 'fixed-window', quota: 10, windowMs: 60_000, starts: 'aligned' };

describe.skipIf(redisMissing)('a ledger in Redis that version 1 wrote', () => {
  test.each<[string, Limit, Readonly<Record<string, string>>, object]>([
    [
      'fixed window',
      minute,
      { window: String(noon), used: '7', 'h:old': '7', 's:old': '3', 'b:older': '9' },
      { granted: 3, used: 10, window: noon },
    ],
    [
      'sliding window',
      { kind: 'sliding-window', quota: 10, windowMs: 60_000 },
      { window: String(noon), used: '4', 'h:old': '4', 's:old': '3', carried: '4', at: '0' },
      { granted: 4, used: 10, window: noon },
    ],
    [
      'token bucket',
      { kind: 'token-bucket', quota: 1, windowMs: 60_000, burst: 10 },
      {
        window: String(noon + 30_000),
        used: '8',
        'h:old': '8',
        's:old': '3',
        carried: '480000',
        at: String(noon + 30_000),
      },
      { granted: 2, used: 10 },
    ],
  ])('%s counts on', async (kind, limit, hash, expected) => {
    const server = await RedisServer.start();
    const redis = connectRedis(server.address);
    const parts = { redis, gateway: 'new' as GatewayId, clock: systemClock, events: new StoreEar() };
    const store = new RedisStore({ ...parts, nowMs: () => noon + 30_000 });
    await until(() => redis.status === 'ready');
    const key = counterKey('formats', limit, [kind]);
    await redis.hset(redisKey(key), hash);
    const claim: Claim = { key, limit, gateway: 'new' as GatewayId, seq: 1, held: 0, want: 5, atLeast: 0 };
    expect((await store.settle([claim]))[0]).toMatchObject(expected);
    await store.close();
    await server.stop();
  });
});

describe('what members of version 1 send', () => {
  const limitThen = { kind: 'fixed-window', quota: 10, windowMs: 60_000, starts: 'aligned' };
  test.each([
    [
      'haRraW5kpnNldHRsZaRtaW5lAqV5b3VycwOiaWQEpmNsYWltc5GIo2tleaFrpWxpbWl0hKRraW5krGZpeGVkLXdpbmRvd6VxdW90YQqod2luZG93TXPN6mCmc3RhcnRzp2FsaWduZWSnZ2F0ZXdheaNndzGjc2VxCKZ3aW5kb3fPAAABoMRRCECkaGVsZAOkd2FudAKnYXRMZWFzdAE=',
      {
        kind: 'settle',
        mine: 2,
        yours: 3,
        id: 4,
        claims: [
          { key: 'k', limit: limitThen, gateway: 'gw1', seq: 8, window: noon, held: 3, want: 2, atLeast: 1 },
        ],
      },
    ],
    [
      'hKRraW5kpmNvcGllc6RtaW5lAqV5b3VycwOmY29waWVzkYOja2V5oWulbGltaXSEpGtpbmSsZml4ZWQtd2luZG93pXF1b3RhCqh3aW5kb3dNc83qYKZzdGFydHOnYWxpZ25lZKZsZWRnZXKGpndpbmRvd88AAAGgxFEIQKR1c2VkA6hhY2NvdW50c8cSAZGSo2d3MYKkaGVsZAOjc2VxB6pzZXFzQmVmb3JlxwcBkZKjZ3cyBadjYXJyaWVkAKtjYXJyaWVkQXRNcwA=',
      {
        kind: 'copies',
        mine: 2,
        yours: 3,
        copies: [
          {
            key: 'k',
            limit: limitThen,
            ledger: {
              window: noon,
              used: 3,
              accounts: new Map([['gw1', { held: 3, seq: 7 }]]),
              seqsBefore: new Map([['gw2', 5]]),
              carried: 0,
              carriedAtMs: 0,
            },
          },
        ],
      },
    ],
  ])('%# is understood', (bytes, message) => {
    const body = Buffer.from(bytes, 'base64');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    const [value] = new FrameReader().read(Buffer.concat([length, body]), 1000);
    expect(messageOf(value)).toEqual(message);
  });

  test('a member of a later version is welcome: it speaks as the older one does', () => {
    const hello = {
      sluice: 2,
      domain: 'd',
      id: 'gw-1',
      address: 'h:4000',
      nonce: '0'.repeat(32),
      more: true,
    };
    expect(helloOf(hello, 'd')).toMatchObject({ sluice: 2, id: 'gw-1' });
    expect(helloOf({ ...hello, sluice: 0 }, 'd')).toEqual({
      why: 'it speaks version 0, the oldest known here is 1',
    });
  });
});
