import * as z from 'zod';
import type { Api, Cors } from '../policy/catalogue.ts';
import { readBackends } from './api-backends.ts';
import { type Face, faceFields, readFace } from './api-face.ts';
import type { ReadGraphql } from './api-graphql.ts';
import type { OperationStyle } from './api-operations.ts';
import { reportRemarks } from './api-remarks.ts';
import { readWebSub } from './api-websub.ts';
import { checkFields, checkValue, type SoundFields } from './check-value.ts';
import { anyMapping, mapping, oneOf } from './expected.ts';
import type { PolicyBook } from './policy-book.ts';
import { type SourceFile, valueAt } from './source-file.ts';
import { apiFieldsWithoutEffect } from './wso2-names.ts';

/** An API as its file describes it. */
export interface ApiFile extends Pick<Face, 'served' | 'tiers'> {
  readonly api: Api;
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
  reportUnsupported(source, data);
  reportRemarks(source);
  const type = data.type ?? 'HTTP';
  const face = readFace({ source, data, book, style: styleOf(type), commonCors });
  const webSocket = type === 'WS';
  const backends = type === 'WEBSUB' ? {} : readBackends(source, { webSocket });
  const graphql = type === 'GRAPHQL' && face ? readGraphql(source, face.api.operations) : undefined;
  const webSub = type === 'WEBSUB' && face ? readWebSub(source, face.api.operations) : undefined;
  if (face === undefined) return undefined;
  const api: Api = {
    ...face.api,
    webSocket,
    ...(type === 'SSE' && { eventStream: true }),
    ...(type === 'SOAP' && { soap: true }),
    ...(valueAt(source.value, ['data', 'subtypeConfiguration', 'subtype']) === 'AIAPI' && { ai: true }),
    ...(graphql && { graphql }),
    ...(webSub && { webSub }),
    backends,
  };
  return { ...face, api, source };
}

const dataSchema = mapping(
  {
    ...faceFields,
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
    endpointImplementationType: oneOf(['ENDPOINT', 'INLINE', 'MOCKED_OAS', 'MOCK']).nullish(),
    endpointConfig: z.unknown().optional(),
    maxTps: z.unknown().optional(),
    subtypeConfiguration: z.unknown().optional(),
    websubSubscriptionConfiguration: z.unknown().optional(),
  },
  apiFieldsWithoutEffect,
);
type ApiData = SoundFields<typeof dataSchema.shape>;

const envelopeSchema = mapping({
  type: oneOf(['api']),
  version: z.unknown().optional(),
  data: anyMapping('the API, a mapping'),
});

function reportUnsupported(source: SourceFile, data: ApiData): void {
  const unsupported = (field: keyof ApiData, message: string): void =>
    source.error({ code: 'not-supported', path: ['data', field], message });
  const type = data.type ?? 'HTTP';
  if (!['HTTP', 'SOAP', 'SOAPTOREST', 'GRAPHQL', 'SSE', 'WS', 'WEBSUB'].includes(type))
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
  if (type === 'WEBSUB') return 'topic';
  if (isStreaming(type)) return 'stream';
  if (type === 'GRAPHQL') return 'graphql';
  return type === 'SOAP' ? 'soap' : 'rest';
}

function isStreaming(type: string): boolean {
  return type === 'WS' || type === 'SSE';
}
