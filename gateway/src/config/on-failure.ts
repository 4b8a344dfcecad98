import type * as z from 'zod';
import type { Level, OnStoreFailure } from '../policy/levels.ts';
import type { Config } from './config.ts';
import { type Deployment, readTable } from './deployment-table.ts';
import { mapping, oneOf } from './expected.ts';

const choice = oneOf(['local', 'deny', 'allow']).optional();

const perLevelTable = {
  path: ['sluice', 'store', 'on_failure_of'],
  schema: mapping({
    api: choice,
    operation: choice,
    subscription: choice,
    burst: choice,
    application: choice,
    'application-burst': choice,
    custom: choice,
    backend: choice,
  } satisfies Record<Level, z.ZodType>),
  unknownIs: 'error',
} as const;

/** What each level does while the store is away: `[sluice.store.on_failure_of]`, else `on_failure` for all levels. */
export function readOnStoreFailure(
  deployment: Deployment,
  forAll: OnStoreFailure = 'local',
): Config['onStoreFailure'] {
  const perLevel = readTable(deployment, perLevelTable);
  return {
    api: perLevel.api ?? forAll,
    operation: perLevel.operation ?? forAll,
    subscription: perLevel.subscription ?? forAll,
    burst: perLevel.burst ?? forAll,
    application: perLevel.application ?? forAll,
    'application-burst': perLevel['application-burst'] ?? forAll,
    custom: perLevel.custom ?? forAll,
    backend: perLevel.backend ?? forAll,
  };
}
