import type * as z from 'zod';
import { type Deployment, entriesOf, readTable, reportKeys } from './deployment-table.ts';
import { flag, listOf, mapping, oneOf, text } from './expected.ts';
import { quote } from './nearest-name.ts';
import { pemFile } from './network-names.ts';
import { jwtKeys, oauthKeys } from './no-effect.ts';
import { isRecord, type Path, valueAt } from './source-file.ts';
import { tokenAlgorithms, type TokenIssuer, type TokenSettings } from './token-settings.ts';

const listPath: Path = ['apim', 'jwt', 'issuer'];
const issuersMax = 50;

/** What WSO2 calls the key manager it comes with. */
export const residentKeyManager = 'Resident Key Manager';

/** Reads `[[apim.jwt.issuer]]`, WSO2's and our own keys of it. */
function readTokenIssuers(deployment: Deployment): readonly TokenIssuer[] {
  const { source } = deployment;
  const written = valueAt(source.value, listPath);
  if (written === undefined) return [];
  if (!Array.isArray(written) || written.length > issuersMax) {
    const message = `issuer: expected up to ${issuersMax} tables [[apim.jwt.issuer]].`;
    source.error({ code: 'invalid-value', path: listPath, message });
    return [];
  }
  const lines = new Map<string, number>();
  return [...written.keys()].flatMap((index) => {
    const path = [...listPath, index];
    const issuer = readIssuer(deployment, path);
    if (issuer === undefined) return [];
    const first = lines.get(issuer.name);
    if (first !== undefined) {
      const message = `There is another issuer ${quote(issuer.name)}, at line ${first}.`;
      source.error({ code: 'duplicate', path: [...path, 'name'], message });
    }
    lines.set(issuer.name, source.place([...path, 'name']).line);
    return [issuer];
  });
}

/** Reads all that deployment.toml says of tokens. Problems are reported. */
export function readTokenSettings(deployment: Deployment): TokenSettings {
  const { remove_outbound_auth_header: isRemoved = true } = readTable(deployment, oauthTable);
  reportKeys(deployment.source, entriesOf(deployment.source, ['apim', 'jwt']), {
    read: ['issuer'],
    noEffect: jwtKeys,
    unknownIs: 'warning',
  });
  return { issuers: readTokenIssuers(deployment), forwarded: !isRemoved, revoked: [] };
}

const oauthTable = {
  path: ['apim', 'oauth_config'],
  schema: mapping({ remove_outbound_auth_header: flag().optional() }),
  noEffect: oauthKeys,
  unknownIs: 'warning',
} as const;

const claimName = (expected: string): z.ZodType<string> => text({ expected, charactersMax: 255 });

const issuerName = text({
  expected: "what the issuer's tokens have as iss, 1 to 255 characters without angle brackets",
  charactersMax: 255,
  pattern: /^[^<>]+$/,
});

const schema = mapping({
  name: issuerName.optional(),
  issuer: issuerName.optional(),
  consumer_key_claim: claimName('the name of a claim').optional(),
  scopes_claim: claimName('the name of a claim').optional(),
  disable_default_claim_mapping: flag().optional(),
  claim_mapping: listOf(
    mapping({
      remote_claim: claimName('the name of a claim'),
      local_claim: claimName('the name of a claim'),
    }),
    'tables with remote_claim and local_claim',
  ).optional(),
  'jwks.url': text({
    expected: 'an http or https URL',
    charactersMax: 1000,
    pattern: /^https?:\/\/[^\s#@]+$/i,
  }).optional(),
  'jwks.file': pemFile().optional(),
  certificate: pemFile().optional(),
  algorithms: listOf(oneOf(tokenAlgorithms), 'algorithms', { from: 1 }).optional(),
  audiences: listOf(claimName('an audience'), 'audiences').optional(),
  key_manager: text({ expected: 'the name of a key manager', charactersMax: 255 }).optional(),
  application_claims: flag().optional(),
  control_plane: flag().optional(),
});

/** The table's keys, for the page that describes them. */
export const tokenIssuerKeys: readonly string[] = Object.keys(schema.shape);

function readIssuer(deployment: Deployment, path: Path): TokenIssuer | undefined {
  const table = readTable(deployment, { path, schema, unknownIs: 'warning', dotted: true });
  const jwks = readKeyFile(deployment, [...path, 'jwks', 'file'], table['jwks.file']);
  const certificates = readKeyFile(deployment, [...path, 'certificate'], table.certificate);
  const jwksUrl = table['jwks.url'];
  const name = table.issuer ?? table.name;
  if (name === undefined) {
    // One that can't be read is reported already.
    const written = valueAt(deployment.source.value, path);
    if (isRecord(written) && (Object.hasOwn(written, 'name') || Object.hasOwn(written, 'issuer')))
      return undefined;
    const message = 'name is missing; expected what the tokens of this issuer have as iss.';
    deployment.source.error({ code: 'missing-value', path, message });
    return undefined;
  }
  if (jwksUrl === undefined && table['jwks.file'] === undefined && table.certificate === undefined) {
    const message = `The issuer ${quote(name)} has no keys: nothing of it can be verified.`;
    const hint = 'Set jwks.url, or jwks.file or certificate to a file.';
    deployment.source.error({ code: 'missing-value', path, message, hint });
  }
  const claims = (table.claim_mapping ?? []).map((one) => [one.remote_claim, one.local_claim] as const);
  return {
    name,
    keyManager: table.key_manager ?? residentKeyManager,
    ...(jwksUrl !== undefined && { jwksUrl }),
    ...(jwks !== undefined && { jwks }),
    ...(certificates !== undefined && { certificates }),
    algorithms: table.algorithms ?? ['RS256'],
    audiences: table.audiences ?? [],
    consumerKeyClaims:
      table.consumer_key_claim === undefined
        ? ['azp', 'client_id', 'consumerKey']
        : [table.consumer_key_claim],
    scopesClaim: table.scopes_claim ?? 'scope',
    claimNames: Object.fromEntries(claims),
    applicationClaims: table.application_claims ?? true,
    controlPlane: table.control_plane ?? false,
  };
}

function readKeyFile(
  { source, namedFile, keysProblem }: Deployment,
  at: Path,
  path: string | undefined,
): string | undefined {
  if (path === undefined) return undefined;
  const file = namedFile?.(path) ?? { problem: 'no file can be read here' };
  if ('problem' in file) {
    const message = `${String(at.at(-1))}: the file ${quote(path)} can't be read: ${file.problem}.`;
    source.error({ code: 'unreadable-file', path: at, message });
    return undefined;
  }
  const problem = keysProblem?.(file.text, at.includes('jwks') ? 'jwks' : 'pem');
  if (problem === undefined) return file.text;
  const message = `${String(at.at(-1))}: the keys in ${quote(path)} can't be used: ${problem}.`;
  source.error({ code: 'invalid-value', path: at, message });
  return undefined;
}
