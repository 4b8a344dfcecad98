import * as z from 'zod';
import type { Cors } from '../policy/catalogue.ts';
import type { ApiSecurity } from './api-security.ts';
import { checkFields, checkValue, reportUnknownKeys } from './check-value.ts';
import { anyMapping, flag, headerName, listOf, mapping, text } from './expected.ts';
import type { Path, SourceFile } from './source-file.ts';

/** `corsConfiguration` of an API and `[apim.cors]` in the words of neither. */
interface Written {
  readonly origins: readonly string[] | undefined;
  readonly credentials: boolean | undefined;
  readonly headers: readonly string[] | undefined;
  readonly methods: readonly string[] | undefined;
  readonly exposed: readonly string[] | undefined;
}

const origin: z.ZodType<string> = text({
  expected: '"*" or an origin as browsers send it, such as "https://app.example.com"',
  charactersMax: 255,
}).refine(isOrigin, { error: '"*" or an origin as browsers send it, such as "https://app.example.com"' });

const header: z.ZodType<string> = headerName(100, '"*" or ');

const method: z.ZodType<string> = text({
  expected: 'a method such as "GET"',
  charactersMax: 40,
  pattern: /^[A-Z-]+$/,
});

const many = { to: 100 };

/** Lists as both files have them. */
export const corsLists: {
  readonly origins: z.ZodType<string[]>;
  readonly headers: z.ZodType<string[]>;
  readonly methods: z.ZodType<string[]>;
} = {
  origins: listOf(origin, 'origins, 1 to 100', { from: 1, ...many }),
  headers: listOf(header, 'names of headers, at most 100', many),
  methods: listOf(method, 'methods, 1 to 100', { from: 1, ...many }),
};

const schema = mapping({
  corsConfigurationEnabled: z.unknown().optional(),
  accessControlAllowOrigins: corsLists.origins.nullish(),
  accessControlAllowCredentials: flag().nullish(),
  accessControlAllowHeaders: corsLists.headers.nullish(),
  accessControlAllowMethods: corsLists.methods.nullish(),
  accessControlExposeHeaders: corsLists.headers.nullish(),
});

const at: Path = ['data', 'corsConfiguration'];

/** Reads what an API says of CORS; one that says nothing, or has it switched off, gets what all get, as in WSO2. */
export function readCors(
  source: SourceFile,
  common: Cors | undefined,
  security: ApiSecurity,
): Cors | undefined {
  const written = checkValue(source, anyMapping('a mapping').nullish(), at);
  const isOn = written && checkValue(source, flag().nullish(), [...at, 'corsConfigurationEnabled']) === true;
  if (isOn !== true) {
    // Values in a block that is off may be anything; the key that switches it on may be misspelt.
    reportUnknownKeys(source, schema, written, at);
    return common && withCredentialHeaders(common, security);
  }
  const fields = checkFields(source, schema, at);
  const own: Written = {
    origins: fields.accessControlAllowOrigins ?? undefined,
    credentials: fields.accessControlAllowCredentials ?? undefined,
    headers: fields.accessControlAllowHeaders ?? undefined,
    methods: fields.accessControlAllowMethods ?? undefined,
    exposed: fields.accessControlExposeHeaders ?? undefined,
  };
  const cors = corsOf(source, own, [...at, 'accessControlAllowCredentials']);
  return withCredentialHeaders(cors, security);
}

/** With WSO2's defaults for what isn't written. */
export function corsOf(source: SourceFile, written: Written, credentialsAt: Path): Cors {
  const {
    origins = ['*'],
    credentials = false,
    headers = defaultHeaders,
    methods = defaultMethods,
  } = written;
  const isEvery = origins.includes('*');
  if (isEvery && credentials) {
    const message =
      'Credentials are not allowed with the origin "*", which browsers would refuse; answers say nothing of them.';
    const hint = 'List the origins.';
    source.warning({ code: 'invalid-value', path: credentialsAt, message, hint });
  }
  return {
    origins: isEvery ? 'every' : origins,
    credentials: credentials && !isEvery,
    methods,
    headers: headers.includes('*') ? 'asked' : headers,
    exposed: written.exposed ?? [],
  };
}

/** Pages that may call an API may send what it asks of callers. */
function withCredentialHeaders(cors: Cors, { apiKeyHeader, tokens }: ApiSecurity): Cors {
  const { headers } = cors;
  if (headers === 'asked') return cors;
  const names = new Set(headers.map((name) => name.toLowerCase()));
  const missing = [apiKeyHeader, tokens?.header].filter((name) => name !== undefined && !names.has(name));
  return { ...cors, headers: [...headers, ...missing.filter((name) => name !== undefined)] };
}

const defaultMethods: readonly string[] = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];
const defaultHeaders: readonly string[] = [
  'authorization',
  'Access-Control-Allow-Origin',
  'Content-Type',
  'SOAPAction',
  'apikey',
  'Internal-Key',
];

/** Browsers send the scheme, the host in lower case and the port if it isn't the usual one. Other patterns match nothing. */
function isOrigin(written: string): boolean {
  if (written === '*' || written === 'null') return true;
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*,]+$/.test(written)) return false;
  if (!/^https?:/.test(written)) return true;
  return URL.canParse(written) && new URL(written).origin === written;
}
