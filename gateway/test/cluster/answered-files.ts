import { redisDeployment } from '../support/gateways.ts';
import type { RedisServer } from '../support/redis-server.ts';
import {
  advancedPolicy,
  apiProject,
  application,
  applicationBurst,
  subscriptionPolicy,
} from '../support/test-home.ts';

/** A home with each kind of limit, of which two requests are admitted, and each way to be refused. */
export function answeredFiles(redis: RedisServer, production: number): Readonly<Record<string, string>> {
  const policies = ['Unlimited', 'TwoPerHour', 'Burst'];
  const api = (name: string, more: Partial<Parameters<typeof apiProject>[0]> = {}): string =>
    apiProject({ name, production, policies, ...more });
  const all = {
    Plain: 'Unlimited',
    Quota: 'TwoPerHour',
    Burst: 'Burst',
    Whole: 'Unlimited',
    Part: 'Unlimited',
    Soap: 'TwoPerHour',
  };
  return {
    'repository/conf/deployment.toml': `${redisDeployment(redis)}\n[sluice.responses]\nerror_format = "accept"\n`,
    'apis/Plain.yaml': api('Plain'),
    'apis/Quota.yaml': api('Quota'),
    'apis/Burst.yaml': api('Burst'),
    'apis/Whole.yaml': api('Whole', { apiThrottlingPolicy: 'TwoForAll' }),
    'apis/Part.yaml': api('Part', {
      operations:
        '[{target: /a, verb: GET, throttlingPolicy: TwoForAll}, {target: /b, verb: GET, authType: None}]',
    }),
    'apis/Backend.yaml': api('Backend', { maxTps: '{production: 2, productionTimeUnit: HOUR}' }),
    'apis/Soap.yaml': api('Soap', { more: ['type: SOAP'], operations: '[{target: /*, verb: POST}]' }),
    'apis/Blocked.yaml': api('Blocked', { more: ['lifeCycleStatus: BLOCKED'] }),
    'apis/Away.yaml': api('Away', { production: 1 }),
    'policies/TwoPerHour.yaml': subscriptionPolicy('TwoPerHour', { perHour: 2 }),
    'policies/Burst.yaml': subscriptionPolicy('Burst', { perHour: 1000, burstPerMinute: 2 }),
    'policies/TwoForAll.yaml': advancedPolicy('TwoForAll', 2),
    'applications/App.yaml': application('App', { ...all, Backend: 'Unlimited', Away: 'Unlimited' }),
    'policies/TwoAtOnce.yaml': applicationBurst('TwoAtOnce', 2),
    'applications/Trial.yaml': application('Trial', { Plain: 'Unlimited' }, '10PerMin'),
    'applications/Hasty.yaml': application('Hasty', { Plain: 'Unlimited' }, 'TwoAtOnce'),
    'applications/Held.yaml': application('Held', { Plain: 'Unlimited', Whole: 'Unlimited' }, 'Unlimited', {
      Plain: 'BLOCKED',
      Whole: 'ON_HOLD',
    }),
  };
}
