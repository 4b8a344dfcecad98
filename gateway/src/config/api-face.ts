import * as z from 'zod';
import type { Api, Cors } from '../policy/catalogue.ts';
import type { SubscriptionTier } from '../policy/tiers.ts';
import { limitingPolicy, type OperationStyle, readOperations } from './api-operations.ts';
import { readSecurity } from './api-security.ts';
import type { SoundFields } from './check-value.ts';
import { readCors } from './cors.ts';
import { flag, listOf, oneOf, text } from './expected.ts';
import { quote } from './nearest-name.ts';
import { basePathsOf, contextProblem, segmentProblem } from './path-template.ts';
import type { PolicyBook } from './policy-book.ts';
import type { SourceFile } from './source-file.ts';

/** What callers see of an API or of a product: all but where its requests go. */
export interface Face {
  readonly api: Omit<Api, 'backends' | 'webSocket'>;
  /** Not in WSO2's life cycle states CREATED and RETIRED. */
  readonly served: boolean;
  /** The subscription tiers it offers; none when it needs no subscription. */
  readonly tiers: readonly string[];
}

const lifeCycleStates = ['CREATED', 'PROTOTYPED', 'PUBLISHED', 'DEPRECATED', 'BLOCKED', 'RETIRED'] as const;

type FaceFields = {
  readonly name: z.ZodType<string>;
  readonly version: z.ZodType<string>;
  readonly context: z.ZodType<string>;
  readonly lifeCycleStatus: z.ZodType<(typeof lifeCycleStates)[number] | null | undefined>;
  readonly isDefaultVersion: z.ZodType<boolean | null | undefined>;
  readonly policies: z.ZodType<string[]>;
  readonly apiThrottlingPolicy: z.ZodType<string | null | undefined>;
  readonly securityScheme: z.ZodType;
  readonly apiKeyHeader: z.ZodType;
  readonly authorizationHeader: z.ZodType;
  readonly audiences: z.ZodType;
  readonly keyManagers: z.ZodType;
  readonly corsConfiguration: z.ZodType;
  readonly operations: z.ZodType;
};

/** The fields of `data` that make it. What is checked on its own is only named here. */
export const faceFields: FaceFields = {
  name: text({ expected: 'the name of the API, 1 to 60 characters', charactersMax: 60 }),
  version: text({ expected: 'a version of 1 to 30 characters', charactersMax: 30 }),
  context: text({ expected: 'a path such as "/orders", at most 232 characters', charactersMax: 232 }),
  lifeCycleStatus: oneOf(lifeCycleStates).nullish(),
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
  corsConfiguration: z.unknown().optional(),
  operations: z.unknown().optional(),
};
type FaceData = SoundFields<typeof faceFields>;

interface FaceParts {
  readonly source: SourceFile;
  readonly data: FaceData;
  readonly book: PolicyBook;
  readonly style: OperationStyle;
  readonly commonCors?: Cors | undefined;
}

/** Reads it. Gives nothing when its main fields can't be read; every problem is reported. */
export function readFace({ source, data, book, style, commonCors }: FaceParts): Face | undefined {
  reportPaths(source, data);
  const policyName = data.apiThrottlingPolicy ?? undefined;
  const policy = policyName && limitingPolicy(book, policyName, source, ['data', 'apiThrottlingPolicy']);
  const isAsync = style === 'stream' || style === 'topic';
  const open = isAsync ? 'AsyncDefaultSubscriptionless' : 'DefaultSubscriptionless';
  const subscriptions = readTiers({ source, book, written: data.policies ?? [], open });
  const operations = readOperations(source, book, style);
  const security = readSecurity(source);
  const cors = readCors(source, commonCors, security);
  const served = isServed(source, data);
  const { name, version, context } = data;
  if (name === undefined || version === undefined || context === undefined) return undefined;
  const api: Face['api'] = {
    name,
    version,
    context,
    basePaths: basePathsOf({ context, version, isDefaultVersion: data.isDefaultVersion ?? false }),
    blocked: data.lifeCycleStatus === 'BLOCKED',
    ...security,
    ...(policy && { policy }),
    operations,
    ...(subscriptions.openTier && { subscriptionless: subscriptions.openTier }),
    anonymous: { tier: tierFor(book, 'Unauthenticated', source), by: { kind: 'client-address' } },
    ...(cors && { cors }),
  };
  return { api, served, tiers: subscriptions.names };
}

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

function reportPaths(source: SourceFile, data: FaceData): void {
  const context = data.context === undefined ? undefined : contextProblem(data.context);
  if (context !== undefined) {
    source.error({ code: 'invalid-value', path: ['data', 'context'], message: `context ${context}.` });
  }
  const version = data.version === undefined ? undefined : segmentProblem(data.version);
  if (version !== undefined) {
    source.error({ code: 'invalid-value', path: ['data', 'version'], message: `version ${version}.` });
  }
}

function isServed(source: SourceFile, data: FaceData): boolean {
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
