import * as z from 'zod';
import type { Cors, Operation } from '../policy/catalogue.ts';
import { faceFields, readFace } from './api-face.ts';
import type { ApiFile } from './api-project.ts';
import { reportRemarks } from './api-remarks.ts';
import { checkFields, checkValue } from './check-value.ts';
import { anyMapping, listOf, mapping, oneOf, text } from './expected.ts';
import type { PolicyBook } from './policy-book.ts';
import { type Members, readMembers } from './product-members.ts';
import { asApi } from './product-source.ts';
import type { SourceFile } from './source-file.ts';
import { apiFieldsWithoutEffect } from './wso2-names.ts';

/**
 * Reads one API product (wso2.md 1.2): an API of which each operation reaches the backends of the API that it belongs to. Gives
 * nothing when its main fields can't be read; every problem is reported.
 */
export function readProduct(
  product: SourceFile,
  book: PolicyBook,
  members: Members,
  commonCors?: Cors,
): ApiFile | undefined {
  const source = asApi(product);
  if (checkValue(source, envelopeSchema, []) === undefined) return undefined;
  const data = checkFields(source, productSchema, ['data']);
  reportRemarks(source);
  const face = readFace({ source, data, book, style: 'rest', commonCors });
  const memberOf = readMembers(source, members);
  if (face === undefined) return undefined;
  const operations = face.api.operations.map((operation): Operation => {
    const of = memberOf(operation);
    return of === undefined ? operation : { ...operation, of };
  });
  const { provider = '' } = data;
  const api = { ...face.api, operations, webSocket: false, product: { provider }, backends: {} };
  return { ...face, api, source };
}

const productSchema = mapping(
  {
    ...faceFields,
    name: text({
      expected: 'the name of the product, 1 to 60 characters without a slash at the beginning',
      charactersMax: 60,
      pattern: /^[^/]/,
    }),
    provider: text({
      expected: 'the user who made the product, 1 to 255 characters, for its counters are named so',
      charactersMax: 255,
    }),
    apis: listOf(z.unknown(), 'APIs, at least one', { from: 1 }),
  },
  [...apiFieldsWithoutEffect, 'state', 'type', 'apiType', 'revisionedApiProductId'],
);

const envelopeSchema = mapping({
  type: oneOf(['api_product']),
  version: z.unknown().optional(),
  data: anyMapping('the API product, a mapping'),
});
