import type { Api } from '../policy/catalogue.ts';
import type { Fields } from '../wire/fields.ts';
import { fieldValues } from './fields.ts';
import { causes, type Refusal } from './refusal.ts';

/** What a request shows to prove who sends it. */
export type Credential =
  | { readonly kind: 'token'; readonly text: string }
  /** `query` is what is left of the query where the key was a part of it. */
  | { readonly kind: 'api-key'; readonly text: string; readonly query?: string };

const realm = 'realm="sluice"';
export const bearerChallenge: string = `Bearer ${realm}`;

const repeatedApiKey: Refusal = { cause: causes.repeatedApiKey };
const invalidToken: Refusal = {
  cause: causes.badCredentials,
  challenge: `${bearerChallenge}, error="invalid_token"`,
};
const repeatedToken = invalidToken;

/** What a bearer token that proves nothing is answered. */
export function refusedToken(): Refusal {
  return invalidToken;
}

/**
 * Finds the credential of a request among those its API takes. A token decides where there is one, as in WSO2: whoever shows
 * a bad token isn't asked for a key as well. A key may also be the query's parameter `apikey`, when no header has one.
 */
export function credentialOf(fields: Fields, query: string, api: Api): Credential | Refusal {
  const { tokens, apiKeyHeader } = api;
  const values = tokens === undefined ? none : fieldValues(fields, tokens.header);
  if (values.length > 1) return repeatedToken;
  const token = bearerToken(values[0]);
  if (token !== undefined) return { kind: 'token', text: token };
  if (apiKeyHeader === undefined) return missing(api);
  const keys = fieldValues(fields, apiKeyHeader);
  if (keys.length > 1) return repeatedApiKey;
  const [key] = keys;
  if (key !== undefined && key !== '') return { kind: 'api-key', text: key };
  return keyInQuery(query) ?? missing(api);
}

const none: readonly string[] = [];

/** What follows `Bearer` in any case; nothing for other schemes, which may be the backend's. */
function bearerToken(value: string | undefined): string | undefined {
  if (value === undefined || value.length < 8 || value.charCodeAt(6) !== 0x20) return undefined;
  return value.slice(0, 6).toLowerCase() === 'bearer' ? value.slice(7).trimStart() : undefined;
}

const parameter = 'apikey=';

function keyInQuery(query: string): Credential | Refusal | undefined {
  if (!query.includes(parameter)) return undefined;
  const parameters = query.slice(1).split('&');
  const [key, second] = parameters.filter((one) => one.startsWith(parameter));
  if (key === undefined) return undefined;
  if (second !== undefined) return repeatedApiKey;
  const text = decoded(key.slice(parameter.length));
  if (text === undefined || text === '') return undefined;
  const others = parameters.filter((one) => one !== key).join('&');
  return { kind: 'api-key', text, query: others === '' ? '' : `?${others}` };
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
