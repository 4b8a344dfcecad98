import * as z from 'zod';
import type { Cors } from '../policy/catalogue.ts';
import { corsLists, corsOf } from './cors.ts';
import { type Deployment, readTable } from './deployment-table.ts';
import { flag, mapping } from './expected.ts';
import { valueAt } from './source-file.ts';

/** WSO2 takes a list, and one text with commas too. */
function listOrText(list: z.ZodType<string[]>): z.ZodType<string[]> {
  const split = (value: unknown): unknown =>
    typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value;
  return z.preprocess(split, list);
}

const table = {
  path: ['apim', 'cors'],
  schema: mapping({
    enable: flag().optional(),
    allow_origins: listOrText(corsLists.origins).optional(),
    allow_methods: listOrText(corsLists.methods).optional(),
    allow_headers: listOrText(corsLists.headers).optional(),
    allow_credentials: flag().optional(),
  }),
  unknownIs: 'warning',
} as const;

/** The keys of `[apim.cors]`. */
export const corsKeys: readonly string[] = Object.keys(table.schema.shape);

/** Reads `[apim.cors]`. The table switches CORS on, unless it says otherwise; without it there is none. */
export function readCorsTable(deployment: Deployment): Cors | undefined {
  const fields = readTable(deployment, table);
  const { source } = deployment;
  if (valueAt(source.value, table.path) === undefined || fields.enable === false) return undefined;
  const written = {
    origins: fields.allow_origins,
    credentials: fields.allow_credentials,
    headers: fields.allow_headers,
    methods: fields.allow_methods,
    exposed: undefined,
  };
  return corsOf(source, written, [...table.path, 'allow_credentials']);
}
