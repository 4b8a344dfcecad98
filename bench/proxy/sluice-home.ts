import {
  advancedPolicy,
  apiProject,
  application,
  subscriptionPolicy,
  TestHome,
} from '../../gateway/test/support/test-home.ts';

/** Never reached: what is measured is the cost of asking. */
export const plenty = 100_000_000;

/** An API whose requests are charged at every level there is: the operation, both pairs of quota and burst, and the backend. */
export function fullHome(backendPort: number, tables: string): TestHome {
  return new TestHome(fullHomeFiles(backendPort, tables));
}

export function fullHomeFiles(backendPort: number, tables: string): Readonly<Record<string, string>> {
  return {
    'deployment.toml': deployment(tables),
    'apis/Full.yaml': apiProject({
      name: 'Full',
      production: backendPort,
      policies: ['Plenty'],
      maxTps: `{production: ${plenty}}`,
      operations:
        '[{target: /*, verb: GET, throttlingPolicy: PlentyForAll}, {target: /*, verb: POST, throttlingPolicy: PlentyForAll}]',
    }),
    'policies/PlentyForAll.yaml': advancedPolicy('PlentyForAll', plenty),
    'policies/Plenty.yaml': subscriptionPolicy('Plenty', { perMinute: plenty, burstPerSecond: plenty }),
    'policies/PlentyForApp.yaml': `
type: throttling policy
subtype: application policy
version: v4.7.0
data:
  policyName: PlentyForApp
  defaultLimit: {type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: min, unitTime: 1, requestCount: ${plenty}}}
  burstLimit: {rateLimitCount: ${plenty}, rateLimitTimeUnit: sec}
`,
    'applications/Full.yaml': application('Full', { Full: 'Plenty' }, 'PlentyForApp'),
  };
}

/** The same API, and nothing is limited. */
export function unlimitedHome(backendPort: number, tables: string): TestHome {
  return new TestHome({
    'deployment.toml': deployment(tables),
    'apis/Full.yaml': apiProject({ name: 'Full', production: backendPort, policies: ['Unlimited'] }),
    'applications/Full.yaml': application('Full', { Full: 'Unlimited' }),
  });
}

export function redisTables(port: number): string {
  return `[throttle_properties]
'throttling.distributed.counter.type' = "redis"
[apim.redis_config]
host = "127.0.0.1"
port = ${port}
`;
}

/** One gateway's tables for each port: they count with each other instead of with Redis. */
export function memberTables(ports: readonly number[]): readonly string[] {
  const members = JSON.stringify(ports.map((port) => `127.0.0.1:${port}`));
  return ports.map((port) => {
    const own = `local_member_host = "127.0.0.1"\nlocal_member_port = ${port}\nmembers = ${members}\n`;
    return `[clustering]\nenable = true\n${own}`;
  });
}

function deployment(tables: string): string {
  return `[sluice.listener]\nhost = "127.0.0.1"\n${tables}`;
}
