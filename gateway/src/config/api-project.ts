import * as z from 'zod';
import type { Api, Cors } from '../policy/catalogue.ts';
import type { SubscriptionTier } from '../policy/tiers.ts';
import type { ReadGraphql } from './api-graphql.ts';
import { readBackends } from './api-backends.ts';
import { limitingPolicy, type OperationStyle, readOperations } from './api-operations.ts';
import { readCors } from './cors.ts';
import { readSecurity } from './api-security.ts';
import { reportRemarks } from './api-remarks.ts';
import { checkFields, checkValue, type SoundFields } from './check-value.ts';
import { anyMapping, flag, listOf, mapping, oneOf, text } from './expected.ts';
import { quote } from './nearest-name.ts';
import { basePathsOf, contextProblem, segmentProblem } from './path-template.ts';
import type { PolicyBook } from './policy-book.ts';
import { type SourceFile, valueAt } from './source-file.ts';
import { apiFieldsWithoutEffect } from './wso2-names.ts';

/** An API as its file describes it. */
export interface ApiFile {
  readonly api: Api;
  /** Not in WSO2's life cycle states CREATED and RETIRED. */
  readonly served: boolean;
  /** The subscription tiers the API offers; none when it needs no subscription. */
  readonly tiers: readonly string[];
  readonly source: SourceFile;
}

/**
 * Reads one API as apictl exports it (wso2.md 4.3). Gives nothing when its main fields can't be read; every problem is
 * reported.
 */
export function readApi(
  source: SourceFile,
  book: PolicyBook,
  readGraphql: ReadGraphql = () => undefined,
  commonCors?: Cors,
): ApiFile | undefined {
  if (checkValue(source, envelopeSchema, []) === undefined) return undefined;
  const data = checkFields(source, dataSchema, ['data']);
  reportPaths(source, data);
  reportUnsupported(source, data);
  reportRemarks(source);
  const policyName = data.apiThrottlingPolicy ?? undefined;
  const policy = policyName && limitingPolicy(book, policyName, source, ['data', 'apiThrottlingPolicy']);
  const type = data.type ?? 'HTTP';
  const open = isStreaming(type) ? 'AsyncDefaultSubscriptionless' : 'DefaultSubscriptionless';
  const subscriptions = readTiers({ source, book, written: data.policies ?? [], open });
  const operations = readOperations(source, book, styleOf(type));
  const graphql = type === 'GRAPHQL' ? readGraphql(source, operations) : undefined;
  const webSocket = type === 'WS';
  const backends = readBackends(source, { webSocket });
  const security = readSecurity(source);
  const cors = readCors(source, commonCors, security);
  const served = isServed(source, data);
  const { name, version, context } = data;
  if (name === undefined || version === undefined || context === undefined) return undefined;
  const api: Api = {
    name,
    version,
    context,
    basePaths: basePathsOf({ context, version, isDefaultVersion: data.isDefaultVersion ?? false }),
    blocked: data.lifeCycleStatus === 'BLOCKED',
    ...security,
    webSocket,
    ...(type === 'SSE' && { eventStream: true }),
    ...(type === 'SOAP' && { soap: true }),
    ...(valueAt(source.value, ['data', 'subtypeConfiguration', 'subtype']) === 'AIAPI' && { ai: true }),
    ...(graphql && { graphql }),
    ...(policy && { policy }),
    operations,
    ...(subscriptions.openTier && { subscriptionless: subscriptions.openTier }),
    anonymous: { tier: tierFor(book, 'Unauthenticated', source), by: { kind: 'client-address' } },
    ...(cors && { cors }),
    backends,
  };
  return { api, served, tiers: subscriptions.names, source };
}

const dataSchema = mapping(
  {
    name: text({ expected: 'the name of the API, 1 to 60 characters', charactersMax: 60 }),
    version: text({ expected: 'a version of 1 to 30 characters', charactersMax: 30 }),
    context: text({ expected: 'a path such as "/orders", at most 232 characters', charactersMax: 232 }),
    lifeCycleStatus: oneOf([
      'CREATED',
      'PROTOTYPED',
      'PUBLISHED',
      'DEPRECATED',
      'BLOCKED',
      'RETIRED',
    ]).nullish(),
    type: oneOf([
      'HTTP',
      'SOAP',
      'SOAPTOREST',
      'WS',
      'GRAPHQL',
      'WEBSUB',
      'SSE',
      'WEBHOOK',
      'ASYNC',
    ]).nullish(),
    isDefaultVersion: flag().nullish(),
    policies: listOf(
      text({ expected: 'the name of a subscription tier', charactersMax: 60 }),
      'subscription tiers ([] serves every application without a subscription)',
    ),
    apiThrottlingPolicy: text({ expected: 'the name of an advanced policy', charactersMax: 60 }).nullish(),
    securityScheme: z.unknown().optional(),
    apiKeyHeader: z.unknown().optional(),
    authorizationHeader: z.unknown().optional(),
    audiences: z.unknown().optional(),
    keyManagers: z.unknown().optional(),
    endpointImplementationType: oneOf(['ENDPOINT', 'INLINE', 'MOCKED_OAS', 'MOCK']).nullish(),
    endpointConfig: z.unknown().optional(),
    maxTps: z.unknown().optional(),
    corsConfiguration: z.unknown().optional(),
    subtypeConfiguration: z.unknown().optional(),
    operations: z.unknown().optional(),
  },
  apiFieldsWithoutEffect,
);
type ApiData = SoundFields<typeof dataSchema.shape>;

const envelopeSchema = mapping({
  type: oneOf(['api']),
  version: z.unknown().optional(),
  data: anyMapping('the API, a mapping'),
});

interface SubscriptionTiers {
  /** The tiers to subscribe with; none when no subscription is needed. */
  readonly names: readonly string[];
  /** What every application gets where no subscription is needed. */
  readonly openTier?: SubscriptionTier;
}

/** WSO2 gives the tier `open` to APIs without any, and drops it when there are others. */
function readTiers(parts: {
  readonly source: SourceFile;
  readonly book: PolicyBook;
  readonly written: readonly string[];
  readonly open: string;
}): SubscriptionTiers {
  const { source, book, written, open } = parts;
  const names = written.length > 1 ? written.filter((name) => name !== open) : written;
  const tiers = names.map((name) =>
    book.subscription.find(name, source, ['data', 'policies', written.indexOf(name)]),
  );
  if (names.length === 0) return { names, openTier: tierFor(book, open, source) };
  return names[0] === open ? { names: [], ...(tiers[0] && { openTier: tiers[0] }) } : { names };
}

function reportPaths(source: SourceFile, data: ApiData): void {
  const context = data.context === undefined ? undefined : contextProblem(data.context);
  if (context !== undefined) {
    source.error({ code: 'invalid-value', path: ['data', 'context'], message: `context ${context}.` });
  }
  const version = data.version === undefined ? undefined : segmentProblem(data.version);
  if (version !== undefined) {
    source.error({ code: 'invalid-value', path: ['data', 'version'], message: `version ${version}.` });
  }
}

function reportUnsupported(source: SourceFile, data: ApiData): void {
  const unsupported = (field: keyof ApiData, message: string): void =>
    source.error({ code: 'not-supported', path: ['data', field], message });
  const type = data.type ?? 'HTTP';
  if (!['HTTP', 'SOAP', 'SOAPTOREST', 'GRAPHQL', 'SSE', 'WS'].includes(type))
    unsupported('type', `APIs of type ${type} are not supported yet.`);
  const implementation = data.endpointImplementationType ?? 'ENDPOINT';
  if (implementation !== 'ENDPOINT') {
    unsupported(
      'endpointImplementationType',
      `Answers without a backend (${implementation}) are not supported yet.`,
    );
  }
}

function styleOf(type: string): OperationStyle {
  if (isStreaming(type)) return 'stream';
  if (type === 'GRAPHQL') return 'graphql';
  return type === 'SOAP' ? 'soap' : 'rest';
}

function isStreaming(type: string): boolean {
  return type === 'WS' || type === 'SSE';
}

function isServed(source: SourceFile, data: ApiData): boolean {
  const state = data.lifeCycleStatus;
  if (state !== 'CREATED' && state !== 'RETIRED') return true;
  const message = `The API ${quote(data.name ?? '')} is not served: its state is ${state}.`;
  source.warning({ code: 'not-served', path: ['data', 'lifeCycleStatus'], message });
  return false;
}

/** A tier that the API gets without naming it. When a file defines it in a way that isn't supported, that is reported. */
function tierFor(book: PolicyBook, name: string, source: SourceFile): SubscriptionTier {
  return book.subscription.find(name, source, ['data']) ?? { name };
}
