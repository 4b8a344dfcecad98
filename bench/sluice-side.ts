import { randomBytes } from 'node:crypto';
import type { GatewayId } from '../gateway/src/limits/claim.ts';
import { counterKey } from '../gateway/src/limits/counter-key.ts';
import type { StoreEvents } from '../gateway/src/limits/counter-store.ts';
import type { Limit } from '../gateway/src/limits/limit.ts';
import { Limiter } from '../gateway/src/limiter/limiter.ts';
import type { LimiterRecorder } from '../gateway/src/limiter/limiter-recorder.ts';
import type { Verdict } from '../gateway/src/limiter/verdict.ts';
import { requestCharge, type Charge } from '../gateway/src/policy/plan.ts';
import { connectRedis, type RedisAddress } from '../gateway/src/stores/redis/connect.ts';
import { RedisStore } from '../gateway/src/stores/redis/redis-store.ts';
import { systemClock as clock } from '../gateway/src/system-clock.ts';
import type { Side, SideTerms } from './side.ts';

const level = 'subscription';
const local = 'local';
const firstContactMsMax = 5000;
/** Peers wait for Redis however long it takes; on a core that is never idle a pause must not turn into a decision without it. */
const claimDeadlineMs = 1000;

/** The limiter of one gateway as it is shipped, with its default settings but for the deadline; one charge per decision. */
export async function openSluice({ redisPort, run, keys, quota, windowMs }: SideTerms): Promise<Side> {
  const limit: Limit = { kind: 'fixed-window', quota, windowMs, starts: 'first-request' };
  const charges = keys.map((key): readonly Charge[] => {
    return [requestCharge(level, limit, counterKey(level, limit, [run, key]))];
  });
  let claims = 0;
  let alone = 0;
  const limiter = openLimiter(redisPort, () => (claims += 1));
  await limiter.open(firstContactMsMax);
  const admitted = (verdict: Verdict): boolean => {
    if (!verdict.certain) alone += 1;
    return verdict.admitted;
  };
  return {
    decide(key) {
      const verdict = limiter.admit(charges[key]!);
      return verdict instanceof Promise ? verdict.then(admitted) : admitted(verdict);
    },
    counters: () => limiter.state.counters,
    tally: () => ({ claims, alone }),
    close: () => limiter.close(),
  };
}

function openLimiter(port: number, settled: () => void): Limiter {
  const gateway = `bench-${randomBytes(6).toString('hex')}` as GatewayId;
  const address: RedisAddress = {
    host: '127.0.0.1',
    port,
    database: 0,
    tls: false,
    connectDeadlineMs: 1000,
    silenceMsMax: 1000,
  };
  const events: StoreEvents = {
    lossSuspected: () => limiter.lossSuspected(),
    gatewaysCounted: (gateways) => limiter.gatewaysCounted(gateways),
  };
  const limiter: Limiter = new Limiter({
    store: new RedisStore({ redis: connectRedis(address), gateway, clock, events }),
    clock,
    settings: {
      gateway,
      claimDeadlineMs,
      gatewaysMin: 1,
      onStoreFailure: {
        api: local,
        operation: local,
        subscription: local,
        burst: local,
        application: local,
        'application-burst': local,
        custom: local,
        backend: local,
      },
      leases: { horizonMs: 100, recheckMs: 100 },
    },
    recorder: recorder(settled),
  });
  return limiter;
}

function recorder(settled: () => void): LimiterRecorder {
  return {
    settled,
    lost: () => {},
    batchTook: () => {},
    storeAway: (reason) => {
      process.stderr.write(`decisions: a gateway went on alone: ${reason.message}\n`);
    },
    storeBack: () => {},
  };
}
