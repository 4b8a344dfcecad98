import type { Api } from '../policy/catalogue.ts';
import type { Fields } from '../wire/fields.ts';
import { fieldValues } from './fields.ts';
import { causes, type Refusal } from './refusal.ts';

/** What a request shows to prove who sends it. */
export interface Credential {
  readonly kind: 'token' | 'api-key';
  readonly text: string;
  /** What is left of the query where this was a part of it. */
  readonly query?: string;
}

const realm = 'realm="sluice"';
export const bearerChallenge: string = `Bearer ${realm}`;

const repeatedApiKey: Refusal = { cause: causes.repeatedApiKey };
/** What a bearer token that proves nothing is answered. */
export const invalidToken: Refusal = {
  cause: causes.badCredentials,
  challenge: `${bearerChallenge}, error="invalid_token"`,
};
/**
 * Finds the credential of a request among those its API takes. A token decides where there is one, as in WSO2: whoever shows
 * a bad token isn't asked for a key as well. A key may also be the query's parameter `apikey`, when no header has one; and a token
 * its `access_token` where a WebSocket is opened, since browsers send no headers then.
 */
export function credentialOf(fields: Fields, query: string, api: Api): Credential | Refusal {
  const { tokens, apiKeyHeader } = api;
  const values = tokens === undefined ? none : fieldValues(fields, tokens.header);
  if (values.length > 1) return invalidToken;
  const token = bearerToken(values[0]);
  if (token !== undefined) return { kind: 'token', text: token };
  const ofQuery = tokens !== undefined && api.webSocket ? inQuery(query, 'token') : undefined;
  if (ofQuery !== undefined) return ofQuery;
  if (apiKeyHeader === undefined) return missing(api);
  const keys = fieldValues(fields, apiKeyHeader);
  if (keys.length > 1) return repeatedApiKey;
  const [key] = keys;
  if (key !== undefined && key !== '') return { kind: 'api-key', text: key };
  return inQuery(query, 'api-key') ?? missing(api);
}

const none: readonly string[] = [];

/** What follows `Bearer` in any case; nothing for other schemes, which may be the backend's. */
function bearerToken(value: string | undefined): string | undefined {
  if (value === undefined || value.length < 8 || value.charCodeAt(6) !== 0x20) return undefined;
  return value.slice(0, 6).toLowerCase() === 'bearer' ? value.slice(7).trimStart() : undefined;
}

const parameters: Readonly<Record<Credential['kind'], string>> = {
  token: 'access_token=',
  'api-key': 'apikey=',
};

function inQuery(query: string, kind: Credential['kind']): Credential | Refusal | undefined {
  const name = parameters[kind];
  if (!query.includes(name)) return undefined;
  const written = query.slice(1).split('&');
  const [found, second] = written.filter((one) => one.startsWith(name));
  if (found === undefined) return undefined;
  if (second !== undefined) return kind === 'token' ? invalidToken : repeatedApiKey;
  const text = decoded(found.slice(name.length));
  if (text === undefined || text === '') return undefined;
  const others = written.filter((one) => one !== found).join('&');
  return { kind, text, query: others === '' ? '' : `?${others}` };
}

/** One character per byte, as in a header. */
function decoded(text: string): string | undefined {
  try {
    return Buffer.from(decodeURIComponent(text), 'utf8').toString('latin1');
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function missing({ tokens, apiKeyHeader }: Api): Refusal {
  const asked = [
    ...(tokens === undefined ? [] : [`'${tokens.header} : Bearer ACCESS_TOKEN'`]),
    ...(apiKeyHeader === undefined ? [] : [`'${apiKeyHeader} : API_KEY'`]),
  ];
  const challenges = [
    ...(tokens === undefined ? [] : [bearerChallenge]),
    ...(apiKeyHeader === undefined ? [] : [`ApiKey ${realm}`]),
  ];
  const description = `Make sure your API invocation call has a header: ${asked.join(' or ')}`;
  return { cause: { ...causes.noApiKey, description }, challenge: challenges.join(', ') };
}
