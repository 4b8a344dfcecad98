import type { Api } from '../policy/catalogue.ts';
import { checkValue } from './check-value.ts';
import { headerName, listOf, text } from './expected.ts';
import type { Path, SourceFile } from './source-file.ts';

/** How callers of an API prove themselves. */
export type ApiSecurity = Pick<Api, 'apiKeyHeader' | 'tokens'>;

/**
 * Reads what an API asks of its callers (wso2.md 4.3): tokens, API keys or either. Without a word about it, either is taken.
 * Problems are reported.
 */
export function readSecurity(source: SourceFile): ApiSecurity {
  const schemes = checkValue(source, schemeList.nullish(), schemePath) ?? ['oauth2', 'api_key'];
  const audiences = checkValue(source, audienceList.nullish(), ['data', 'audiences']) ?? [];
  const keyManagers = checkValue(source, keyManagerList.nullish(), ['data', 'keyManagers']) ?? [];
  const apiKeyHeader = headerAt(source, 'apiKeyHeader') ?? 'apikey';
  const header = headerAt(source, 'authorizationHeader') ?? 'authorization';
  reportUnsupported(source, schemes);
  const tokens = { header, audiences: withoutAll(audiences), keyManagers: withoutAll(keyManagers) };
  return {
    ...(schemes.includes('api_key') && { apiKeyHeader }),
    ...(schemes.includes('oauth2') && { tokens }),
  };
}

const schemePath: Path = ['data', 'securityScheme'];

const schemeList = listOf(
  text({ expected: 'a scheme such as "oauth2" or "api_key"', charactersMax: 60 }),
  'schemes',
);
const audienceList = listOf(text({ expected: 'an audience', charactersMax: 255 }), 'audiences');
const keyManagerList = listOf(
  text({ expected: 'the name of a key manager', charactersMax: 255 }),
  'key managers',
);

function headerAt(source: SourceFile, field: 'apiKeyHeader' | 'authorizationHeader'): string | undefined {
  return checkValue(source, headerName(100).nullish(), ['data', field])?.toLowerCase();
}

/** WSO2 writes `all` where it asks for none in particular. */
function withoutAll(names: readonly string[]): readonly string[] {
  return names.includes('all') ? [] : names;
}

const unsupportedSchemes: Readonly<Record<string, string>> = {
  basic_auth: 'user names and passwords (basic_auth)',
  mutualssl: 'client certificates (mutualssl)',
};

function reportUnsupported(source: SourceFile, schemes: readonly string[]): void {
  const report = (severity: 'error' | 'warning', message: string): void =>
    source[severity]({ code: 'not-supported', path: schemePath, message });
  if (schemes.includes('mutualssl_mandatory')) {
    report('error', 'Client certificates are not supported yet, and this API demands them.');
  } else if (!schemes.includes('oauth2') && !schemes.includes('api_key')) {
    report(
      'error',
      'Only tokens and API keys are supported, and securityScheme has no "oauth2" or "api_key".',
    );
  } else {
    const others = Object.entries(unsupportedSchemes).filter(([scheme]) => schemes.includes(scheme));
    for (const [, what] of others) {
      report('warning', `This API also takes ${what}, which is not supported: such callers are refused.`);
    }
  }
}
