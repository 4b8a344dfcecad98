import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  advancedPolicy,
  apiProject,
  application,
  subscriptionPolicy,
  type TestHome,
} from '../support/test-home.ts';

/** What a version of the files says that an answer shows, in three files that must agree. */
export interface VersionShown {
  readonly backend: number;
  readonly plan: number;
  readonly apiPlan: number;
}

const planUnits = 1_000_000;
const apiPlanUnits = 2_000_000;
const day = 86_400;
/** A run stays inside of one day. */
const constantName = 'Constant';

/** The window of the limit that goes up and down, and what it admits by each version. */
export const varyingWindowMs = 1000;
export function varyingUnits(version: number): number {
  return 10 + 15 * (Math.floor(version / 10) % 4);
}

/** Whether a version serves the API that comes and goes. */
export function hasGuest(version: number): boolean {
  return Math.floor(version / 4) % 2 === 0;
}

/** Each some versions somebody leaves a mistake first. */
export function isBrokenBefore(version: number): boolean {
  return version % 7 === 3;
}

export function filesOf(
  deployment: string,
  { port, constantUnits }: { readonly port: number; readonly constantUnits: number },
): Readonly<Record<string, string>> {
  const seconds = { perSeconds: { seconds: day, units: constantUnits } };
  return {
    'repository/conf/deployment.toml': deployment,
    'apis/Constant.yaml': apiProject({ name: 'Constant', production: port, policies: [constantName] }),
    'apis/Varying.yaml': apiProject({ name: 'Varying', production: port, policies: ['Varying'] }),
    'policies/Constant.yaml': subscriptionPolicy(constantName, seconds),
    'policies/Guest.yaml': subscriptionPolicy('Guest', {
      perSeconds: { seconds: day, units: 500_000 },
    }),
    'applications/Some.yaml': application('Some', {
      Open: 'Plan',
      Constant: constantName,
      Varying: 'Varying',
    }),
  };
}

/** Writes what differs from one version to the next, in several files. */
export function writeVersion(home: TestHome, port: number, version: number): void {
  const open = apiProject({
    name: 'Open',
    production: port,
    policies: ['Plan'],
    apiThrottlingPolicy: 'ApiPlan',
  });
  home.write('apis/Open.yaml', open.replace(`:${port}"`, `:${port}/v${version}"`));
  const plan = { perSeconds: { seconds: day, units: planUnits + version } };
  home.write('policies/Plan.yaml', subscriptionPolicy('Plan', plan));
  home.write('policies/ApiPlan.yaml', advancedPolicy('ApiPlan', apiPlanUnits + version));
  const varying = { perSeconds: { seconds: varyingWindowMs / 1000, units: varyingUnits(version) } };
  home.write('policies/Varying.yaml', subscriptionPolicy('Varying', varying));
  if (hasGuest(version)) {
    home.write('apis/Guest.yaml', apiProject({ name: 'Guest', production: port, policies: ['Guest'] }));
    home.write('applications/Guest.yaml', application('Guest', { Guest: 'Guest' }));
  } else {
    for (const path of ['apis/Guest.yaml', 'applications/Guest.yaml'])
      rmSync(join(home.path, path), { force: true });
  }
}

/** Leaves files that can't be served, each time in another way. */
export function breakFiles(home: TestHome, version: number): void {
  const mistakes: readonly (readonly [string, string])[] = [
    ['policies/Plan.yaml', 'type: ['],
    ['apis/Open.yaml', 'type: api\nversion: v4.7.0\ndata:\n  name: Open\n  context: /op'],
    ['policies/ApiPlan.yaml', ''],
    ['applications/Some.yaml', 'type: application\ndata: [Some]\n'],
  ];
  const [path, text] = mistakes[version % mistakes.length]!;
  home.write(path, text);
}

/** Which versions an answer shows: its backend's path, and the limits that its fields name. */
export function versionShown(url: string, policyField: string): VersionShown {
  return {
    backend: Number(/^\/v(\d+)\//.exec(url)?.[1] ?? NaN),
    plan: unitsOf('subscription', policyField) - planUnits,
    apiPlan: unitsOf('api', policyField) - apiPlanUnits,
  };
}

function unitsOf(name: string, policyField: string): number {
  return Number(new RegExp(`"${name}";q=(\\d+)`).exec(policyField)?.[1] ?? NaN);
}

export const keysOf = {
  constant: 'subscription@86400000:tester/Some:/constant:1.0.0:Constant',
  guest: 'subscription@86400000:tester/Guest:/guest:1.0.0:Guest',
} as const;
