import type { Api, Cors, Operation } from '../policy/catalogue.ts';
import type { Fields } from '../wire/fields.ts';
import { activityIdField } from './activity-id.ts';
import type { RequestHead } from './exchange.ts';
import { fieldValues } from './fields.ts';

/*
 * Which web pages may read an API's answers (Cross-Origin Resource Sharing, in Fetch). The gateway answers for the backend:
 * what a backend says about it doesn't reach the client.
 */

/** What web pages may read of every answer, beside what the API says. */
const ownNames: readonly string[] = [activityIdField, 'RateLimit', 'RateLimit-Policy', 'Retry-After'];

/** What the gateway answers by. Where the API lists OPTIONS, preflights are the backend's and it answers for itself, as in WSO2. */
export function corsOf({ cors }: Api, operation: Operation | undefined): Cors | undefined {
  return operation?.verb === 'OPTIONS' ? undefined : cors;
}

/**
 * The fields of every answer at an API with CORS. What depends on the origin says so to caches, to whomever it goes; what
 * doesn't is the same for all, also for who names no origin.
 */
export function corsFields(cors: Cors, request: Fields): Fields {
  const fields: string[] = cors.origins === 'every' ? [] : ['Vary', 'Origin'];
  const origin = allowedOrigin(cors, request);
  if (origin === undefined) return fields;
  fields.push('Access-Control-Allow-Origin', origin);
  if (cors.credentials) fields.push('Access-Control-Allow-Credentials', 'true');
  fields.push('Access-Control-Expose-Headers', [...ownNames, ...cors.exposed].join(', '));
  return fields;
}

/** Whether a request is a browser's question for what a page wants to send (preflight). */
export function isPreflight({ method, fields }: Pick<RequestHead, 'method' | 'fields'>): boolean {
  if (method !== 'OPTIONS' || fieldValues(fields, 'origin').length === 0) return false;
  return fieldValues(fields, requestMethod).length > 0;
}

/** What the answer to a preflight says beside `corsFields`; `methods` are the resource's, as Allow lists them. */
export function preflightFields(cors: Cors, request: Fields, methods: string): Fields {
  if (allowedOrigin(cors, request) === undefined) return [];
  const served = methods.split(', ');
  const allowed = cors.methods.filter((method) => served.includes(method));
  const headers = cors.headers === 'asked' ? askedHeaders(request) : cors.headers;
  return [
    ...(allowed.length === 0 ? [] : ['Access-Control-Allow-Methods', allowed.join(', ')]),
    ...(headers.length === 0 ? [] : ['Access-Control-Allow-Headers', headers.join(', ')]),
    ...(cors.headers === 'asked' ? ['Vary', 'Access-Control-Request-Headers'] : []),
  ];
}

const requestMethod = 'access-control-request-method';

function allowedOrigin({ origins }: Cors, request: Fields): string | undefined {
  if (origins === 'every') return '*';
  const [origin, ...others] = fieldValues(request, 'origin');
  return origin !== undefined && others.length === 0 && origins.includes(origin) ? origin : undefined;
}

/** Names only: the client's own text goes back to it. */
function askedHeaders(request: Fields): readonly string[] {
  const names = fieldValues(request, 'access-control-request-headers').flatMap((list) => list.split(','));
  return names.map((name) => name.trim()).filter((name) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name));
}
