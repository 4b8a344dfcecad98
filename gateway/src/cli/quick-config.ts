import { hostname } from 'node:os';
import { defaultBackendSettings } from '../config/backends-table.ts';
import type { Config } from '../config/config.ts';
import { noTokens } from '../config/token-settings.ts';
import { levels, type Level, type OnStoreFailure } from '../policy/levels.ts';
import type { AnonymousAccess, Api } from '../policy/catalogue.ts';
import { unitsMax, type Limit } from '../limits/limit.ts';
import { requestQuota } from '../policy/measure.ts';

const windowMsOf: Readonly<Record<string, number>> = {
  s: 1000,
  sec: 1000,
  second: 1000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** What stands for files: `sluice start --to URL --limit 100/min [--by ip|header:NAME]`. */
export interface QuickStart {
  readonly to: string;
  readonly limit: string;
  readonly by: string | undefined;
}

/** One API at the root that anybody may call, before one backend, under one limit. A string is what is wrong. */
export function quickConfig({ to, limit, by }: QuickStart): Config | string {
  const url = URL.parse(to);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    return `--to: found ${JSON.stringify(to)}, expected an http or https URL without query and fragment`;
  }
  const quota = parseLimit(limit);
  if (typeof quota === 'string') return quota;
  const subject = parseSubject(by);
  if (typeof subject === 'string') return subject;
  const api: Api = {
    name: 'quick-start',
    version: '1',
    context: '/',
    basePaths: [''],
    blocked: false,
    webSocket: false,
    operations: [{ target: '/*', verb: '*', open: true }],
    anonymous: { tier: { name: limit, quotas: [requestQuota(quota)] }, by: subject },
    backends: { PRODUCTION: { targets: [{ url: to }], choice: 'single' } },
  };
  const onStoreFailure = Object.fromEntries(levels.map((level) => [level, 'local'])) as Record<
    Level,
    OnStoreFailure
  >;
  return {
    gateway: { id: hostname(), countMin: 1, claimDeadlineMs: 50 },
    store: { kind: 'memory' },
    onStoreFailure,
    leases: { horizonMs: 100, recheckMs: 100 },
    listener: {
      host: '0.0.0.0',
      http: true,
      port: 8280,
      threads: 1,
      underscoreNames: 'drop',
      trustedProxies: [],
    },
    backends: defaultBackendSettings,
    admin: { host: '127.0.0.1', port: 9090 },
    reload: { watch: false, pollMs: 10_000 },
    responses: { retryAfter: 'seconds', rateLimitFields: true, errorFormat: 'json' },
    webSub: { callbackHosts: [], callbackNetworks: [] },
    tokens: noTokens,
    apis: [api],
    applications: [],
    customRules: [],
    denyPolicies: [],
    tiers: { subscription: [], application: [] },
  };
}

/** `100/min`, `10/s`, `5000/hour`, `20/30s`: whole units per window, aligned to the clock. */
function parseLimit(text: string): Limit | string {
  const [, units = '', times = '', unit = ''] = /^(\d+)\/(\d*)([a-z]+)$/.exec(text) ?? [];
  const windowMs = (windowMsOf[unit] ?? NaN) * Number(times === '' ? 1 : times);
  const quota = Number(units);
  if (units !== '' && quota <= unitsMax && windowMs >= 1000 && windowMs <= 366 * 86_400_000) {
    return { kind: 'fixed-window', quota, windowMs, starts: 'aligned' };
  }
  return `--limit: found ${JSON.stringify(text)}, expected requests per time such as 100/min, 10/s or 5000/hour`;
}

function parseSubject(text: string | undefined): AnonymousAccess['by'] | string {
  if (text === undefined) return { kind: 'everyone' };
  if (text === 'ip') return { kind: 'client-address' };
  const [, name] = /^header:([!#$%&'*+.^_`|~0-9A-Za-z-]+)$/.exec(text) ?? [];
  if (name !== undefined) return { kind: 'header', name: name.toLowerCase() };
  return `--by: found ${JSON.stringify(text)}, expected ip or header:NAME`;
}
