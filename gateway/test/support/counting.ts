import type { CounterKey } from '../../src/limits/counter-key.ts';
import { StoreError } from '../../src/limits/counter-store.ts';
import { redisKey } from '../../src/stores/redis/codec.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { redisDeployment } from './gateways.ts';
import { memberAddresses, MemberUnderTest, portOf } from './members.ts';
import { RedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** One way for gateways to count together. */
export interface Counting {
  /** The deployment.toml of all gateways. */
  readonly deployment: string;
  readonly environmentOf: (index: number) => Readonly<Record<string, string>>;
  /** Units counted, by the ledger itself. */
  used(key: string): Promise<number>;
  close(): Promise<void>;
}

export async function countInRedis(): Promise<Counting> {
  const redis = await RedisServer.start();
  const client = connectRedis(redis.address);
  return {
    deployment: redisDeployment(redis),
    environmentOf: () => ({}),
    used: async (key) => Number((await client.hget(redisKey(key as CounterKey), 'used')) ?? 0),
    close: async () => {
      client.disconnect();
      await redis.stop();
    },
  };
}

/** The gateways count themselves; each finds its port in its environment. Ledgers are read by another member that joins. */
export async function countInMembers(count: number, more = ''): Promise<Counting> {
  const addresses = await memberAddresses(count + 1);
  const own = addresses.at(-1)!;
  let reader: MemberUnderTest | undefined;
  return {
    deployment: `
[clustering]
enable = true
domain = "test"
local_member_host = "127.0.0.1"
local_member_port = "$env{SLUICE_TEST_MEMBER_PORT}"
members = ${JSON.stringify(addresses.slice(0, count))}
${more}`,
    environmentOf: (index) => ({ SLUICE_TEST_MEMBER_PORT: String(portOf(addresses[index]!)) }),
    used: async (key) => {
      reader ??= await MemberUnderTest.start('reader', own, {
        members: addresses.slice(0, count),
        mesh: { secret: '' },
      });
      const { ear, store } = reader;
      await until(() => ear.gateways === count + 1);
      try {
        const [ledger] = await store.read([key as CounterKey]);
        return ledger?.used ?? 0;
      } catch (error) {
        // The view has changed meanwhile: nobody knows.
        if (error instanceof StoreError) return NaN;
        throw error;
      }
    },
    close: async () => {
      await reader?.store.close();
    },
  };
}
