import { isUtf8 } from 'node:buffer';
import { tokenAlgorithms, type TokenAlgorithm, type TokenIssuer } from '../config/token-settings.ts';
import type { TokenUse } from './issuer-keys.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** A token's header and claims, neither of which is proved yet. */
export interface UnprovedToken {
  readonly algorithm: TokenAlgorithm;
  readonly kid: string | undefined;
  readonly claims: Claims;
}

const partsPattern = /^[\w-]{1,2048}\.[\w-]{1,8192}\.[\w-]{1,2048}$/;
const tokenCharactersMax = 10_000;
/** How far the clocks of issuers and gateways may differ. */
const leewayMs = 10_000;
const types: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt']);

/** Reads a signed token in its compact form (RFC 7515); undefined when it is none, or asks for what isn't known here. */
export function readToken(token: string): UnprovedToken | undefined {
  if (token.length > tokenCharactersMax || !partsPattern.test(token)) return undefined;
  const [head = '', body = ''] = token.split('.', 2);
  const header = membersOf(head);
  const claims = membersOf(body);
  if (header === undefined || claims === undefined) return undefined;
  const { alg, kid, typ, crit } = header;
  const algorithm = tokenAlgorithms.find((known) => known === alg);
  if (algorithm === undefined || crit !== undefined) return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  if (typ !== undefined && (typeof typ !== 'string' || !types.has(typ.toLowerCase()))) return undefined;
  return { algorithm, kid, claims };
}

/** Whether the claims say that the token is valid now, at this gateway, for this use. */
export function holdsNow(
  claims: Claims,
  issuer: TokenIssuer,
  when: { readonly use: TokenUse; readonly nowMs: number },
): boolean {
  const { nbf, sub } = claims;
  const endsAtMs = endOf(claims);
  if (endsAtMs === undefined) {
    // Only WSO2's API keys may never end.
    if (when.use === 'bearer' || claims['exp'] !== undefined) return false;
  } else if (hasEnded(endsAtMs, when.nowMs)) return false;
  if (nbf !== undefined && !(isMoment(nbf) && nbf * 1000 - leewayMs <= when.nowMs)) return false;
  if (sub !== undefined && textClaim(claims, 'sub') === undefined) return false;
  // API keys have no audience.
  return isForUse(claims, when.use) && (when.use === 'api-key' || isForAudience(claims, issuer.audiences));
}

/** When the token ends, in ms since the Unix epoch; undefined when it doesn't say, or says something that is no time. */
export function endOf({ exp }: Claims): number | undefined {
  return isMoment(exp) ? exp * 1000 : undefined;
}

export function hasEnded(endsAtMs: number, nowMs: number): boolean {
  return nowMs >= endsAtMs + leewayMs;
}

/** Whether one of the audiences is the token's; true when none is asked for. */
export function isForAudience({ aud }: Claims, audiences: readonly string[]): boolean {
  if (audiences.length === 0) return true;
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return audiences.some((audience) => named.includes(audience));
}

const textCharactersMax = 255;

/** A claim that may become part of a counter key: no longer than a subject may be, and with one spelling in UTF-8. */
export function textClaim(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  if (typeof value !== 'string' || value === '' || value.length > textCharactersMax) return undefined;
  return value.isWellFormed() ? value : undefined;
}

/** WSO2 signs tokens, API keys and keys for tests alike, and tells them apart by this claim; none does for the others. */
function isForUse(claims: Claims, use: TokenUse): boolean {
  const { token_type: type, application } = claims;
  if (use === 'api-key') return type === 'apiKey' || (type === undefined && isMembers(application));
  return type !== 'apiKey' && type !== 'InternalKey';
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function membersOf(part: string): Claims | undefined {
  const bytes = Buffer.from(part, 'base64url');
  if (!isUtf8(bytes)) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isMembers(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function isMembers(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
