import * as z from 'zod';
import { type Limit, unitsMax } from '../limits/limit.ts';
import type { Api, Backend, KeyType } from '../policy/catalogue.ts';
import { requestQuota, type Quota } from '../policy/measure.ts';
import { hasNoEndpoint, readEndpoints } from './api-endpoints.ts';
import { checkFields, type SoundFields } from './check-value.ts';
import { mapping, oneOf, wholeNumber } from './expected.ts';
import {
  algorithmField,
  bucketSizeField,
  limitByAlgorithm,
  type LimitNames,
  reportWithoutCount,
} from './limit-by-algorithm.ts';
import { readTokenLimits } from './token-limits.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

type Backends = Api['backends'];

const throughputPath: Path = ['data', 'maxTps'];

/** Where an API's requests go and how many may go there (wso2.md 1.8 and 4.3). Problems are reported. */
export function readBackends(source: SourceFile, api: { readonly webSocket: boolean }): Backends {
  const limits = readThroughput(source);
  const endpoints = readEndpoints(source, api);
  if (endpoints === undefined) return {};
  const backends: Partial<Record<KeyType, Backend>> = {};
  for (const [keyType, field, limitField] of keyTypes) {
    const found = endpoints[keyType];
    const own = limits[keyType];
    if (found !== undefined) backends[keyType] = { ...found, ...(own && { limits: own }) };
    else if (own !== undefined && hasNoEndpoint(source, keyType))
      warnAboutUnusedLimit(source, limitField, field);
  }
  return backends;
}

const keyTypes = [
  ['PRODUCTION', 'production_endpoints', 'production'],
  ['SANDBOX', 'sandbox_endpoints', 'sandbox'],
] as const;

const timeUnit = oneOf(['SECOND', 'MINUTE', 'HOUR']).nullish();
const unitMs = { SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000 } as const;

const throughputSchema = mapping({
  production: wholeNumber(0, unitsMax).nullish(),
  productionTimeUnit: timeUnit,
  productionAlgorithm: algorithmField,
  productionBucketSize: bucketSizeField,
  sandbox: wholeNumber(0, unitsMax).nullish(),
  sandboxTimeUnit: timeUnit,
  sandboxAlgorithm: algorithmField,
  sandboxBucketSize: bucketSizeField,
  tokenBasedThrottlingConfiguration: z.unknown().optional(),
});

function readThroughput(source: SourceFile): Partial<Record<KeyType, readonly Quota[]>> {
  if (absent(valueAt(source.value, throughputPath))) return {};
  const written = checkFields(source, throughputSchema, throughputPath);
  const tokens = readTokenLimits(
    source,
    [...throughputPath, 'tokenBasedThrottlingConfiguration'],
    (field) => {
      return unitMs[written[`${field}TimeUnit`] ?? 'SECOND'];
    },
  );
  const limitsOf = (field: 'production' | 'sandbox'): readonly Quota[] => {
    const requests = throughputLimit(source, written, field);
    return [...(requests === undefined ? [] : [requestQuota(requests)]), ...tokens[field]];
  };
  const [production, sandbox] = [limitsOf('production'), limitsOf('sandbox')];
  return {
    ...(production.length > 0 && { PRODUCTION: production }),
    ...(sandbox.length > 0 && { SANDBOX: sandbox }),
  };
}

function throughputLimit(
  source: SourceFile,
  written: SoundFields<typeof throughputSchema.shape>,
  name: 'production' | 'sandbox',
): Limit | undefined {
  const names: LimitNames = { count: name, algorithm: `${name}Algorithm`, bucketSize: `${name}BucketSize` };
  const count = written[name];
  if (typeof count !== 'number') {
    reportWithoutCount(source, throughputPath, names);
    return undefined;
  }
  return limitByAlgorithm(source, {
    path: throughputPath,
    names,
    count,
    windowMs: unitMs[written[`${name}TimeUnit`] ?? 'SECOND'],
    starts: 'first-request',
    algorithm: written[`${name}Algorithm`],
    bucketSize: written[`${name}BucketSize`],
  });
}

function warnAboutUnusedLimit(source: SourceFile, limitField: string, endpointField: string): void {
  const message = `maxTps.${limitField} has no effect: the API has no ${endpointField}.`;
  source.warning({ code: 'unused-endpoint-limit', path: [...throughputPath, limitField], message });
}

function absent(value: unknown): boolean {
  return value === undefined || value === null;
}
