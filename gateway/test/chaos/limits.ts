import { apiProject, application, subscriptionPolicy } from '../support/test-home.ts';
import type { Offer } from './load-worker.ts';
import type { JudgedLimit } from './windows.ts';

export const gatewayCount = 3;

/** What the levels do while the store is away. */
export type OnFailure = 'local' | 'deny';

/** A limit of the chaos cluster: who is limited, how it is offered more than it admits, and how Redis names its counter. */
export interface ChaosLimit extends JudgedLimit {
  readonly perSecond: number;
  readonly counterPrefix: string;
}

/**
 * Aligned quotas: one that is soon spent in each window; one with a window that holds a whole fault; one that is spent only near
 * the window's end, so that leases are held across it. And a burst.
 */
export const limits: readonly ChaosLimit[] = [
  {
    name: 'Second',
    units: 90,
    windowMs: 1000,
    starts: 'aligned',
    perSecond: 200,
    counterPrefix: 'sluice:subscription@1000:tester/Second:',
  },
  {
    name: 'Span',
    units: 270,
    windowMs: 3000,
    starts: 'aligned',
    perSecond: 160,
    counterPrefix: 'sluice:subscription@3000:tester/Span:',
  },
  {
    name: 'Brim',
    units: 120,
    windowMs: 1000,
    starts: 'aligned',
    perSecond: 135,
    counterPrefix: 'sluice:subscription@1000:tester/Brim:',
  },
  {
    name: 'Burst',
    units: 90,
    windowMs: 1000,
    starts: 'first-request',
    perSecond: 200,
    counterPrefix: 'sluice:burst@1000:tester/Burst:',
  },
];

/** What one of `workers` processes has to offer. */
export function offers(workers: number): readonly Offer[] {
  return limits.map(({ name, perSecond }) => ({
    limit: name,
    path: '/open/1.0.0/items',
    apiKey: `${name}-production`,
    perSecond: perSecond / workers,
  }));
}

/** A home with one API, and for each limit a tier of its name and an application that subscribes with it. */
export function homeWith(deployment: string, backendPort: number): Record<string, string> {
  const names = limits.map(({ name }) => name);
  const files: Record<string, string> = {
    'repository/conf/deployment.toml': deployment,
    'apis/Open.yaml': apiProject({ name: 'Open', production: backendPort, policies: names }),
  };
  for (const limit of limits) {
    files[`policies/${limit.name}.yaml`] = policyOf(limit);
    files[`applications/${limit.name}.yaml`] = application(limit.name, { Open: limit.name });
  }
  return files;
}

function policyOf({ name, units, windowMs, starts }: JudgedLimit): string {
  const limits =
    starts === 'first-request'
      ? { perMinute: 1_000_000, burstPerSecond: units }
      : { perSeconds: { seconds: windowMs / 1000, units } };
  return subscriptionPolicy(name, limits);
}
