import { describe, expect, test } from 'vitest';
import { readDeploymentToml } from './deployment-toml.ts';
import type { Diagnostic } from './diagnostic.ts';
import { readRevokedTokens } from './revoked-tokens.ts';

function read(text: string) {
  const found: Diagnostic[] = [];
  const environment = {
    variables: { JWKS: 'https://idp.example/jwks' },
    hostName: 'test-host',
    namedFile: (path: string) => (path === 'missing' ? { problem: 'ENOENT' } : { text: path }),
    keysProblem: (keys: string) => (keys === 'bad' ? 'it holds no key' : undefined),
  };
  const settings = readDeploymentToml([{ path: 'deployment.toml', text }], environment, (one) =>
    found.push(one),
  );
  const codes = found.map(({ severity, code, at }) => `${at.line} ${severity} ${code}`);
  return { tokens: settings?.tokens, codes };
}

describe('[[apim.jwt.issuer]]', () => {
  test('as WSO2 documents it, with its keys in a table of their own or in dotted keys', () => {
    const { tokens, codes } = read(`
[[apim.jwt.issuer]]
name = "https://one.example"
consumer_key_claim = "cid"
[apim.jwt.issuer.jwks]
url = "$env{JWKS}"
[[apim.jwt.issuer.claim_mapping]]
remote_claim = "a"
local_claim = "b"

[[apim.jwt.issuer]]
name = "Two"
issuer = "https://two.example"
jwks.url = "http://127.0.0.1/jwks"
scopes_claim = "scp"
algorithms = ["ES256", "EdDSA"]
`);
    expect(codes).toEqual([]);
    expect(tokens?.issuers).toEqual([
      {
        name: 'https://one.example',
        keyManager: 'Resident Key Manager',
        jwksUrl: 'https://idp.example/jwks',
        algorithms: ['RS256'],
        audiences: [],
        consumerKeyClaims: ['cid'],
        scopesClaim: 'scope',
        claimNames: { a: 'b' },
        applicationClaims: true,
        controlPlane: false,
      },
      expect.objectContaining({
        name: 'https://two.example',
        jwksUrl: 'http://127.0.0.1/jwks',
        scopesClaim: 'scp',
        algorithms: ['ES256', 'EdDSA'],
        consumerKeyClaims: ['azp', 'client_id', 'consumerKey'],
      }),
    ]);
  });

  test.each([
    ['name = "a"', '2 error missing-value'],
    ['jwks.url = "http://x/"', '2 error missing-value'],
    ['issuer = ""\njwks.url = "http://x/"', '3 error invalid-value'],
    ['name = "<a>"\njwks.url = "http://x/"', '3 error invalid-value'],
    ['name = "a"\njwks.url = "file:///etc/passwd"', '4 error invalid-value'],
    ['name = "a"\njwks.url = "http://user:secret@x/"', '4 error invalid-value'],
    ['name = "a"\ncertificate = "missing"', '4 error unreadable-file'],
    ['name = "a"\ncertificate = "bad"', '4 error invalid-value'],
    ['name = "a"\njwks.file = "bad"', '4 error invalid-value'],
    ['name = "a"\ncertificate = "x"\nalgorithms = ["HS256"]', '5 error invalid-value'],
    ['name = "a"\ncertificate = "x"\nalgorithms = ["none"]', '5 error invalid-value'],
    ['name = "a"\ncertificate = "x"\nalgorithms = []', '5 error invalid-value'],
    ['name = "a"\ncertificate = "x"\nissuers = 1', '5 warning unknown-key'],
    [
      'name = "a"\ncertificate = "x"\n[[apim.jwt.issuer]]\nname = "a"\ncertificate = "x"',
      '6 error duplicate',
    ],
  ])('%j gives %s', (table, code) => {
    expect(read(`\n[[apim.jwt.issuer]]\n${table}\n`).codes).toContain(code);
  });

  test('what else WSO2 says of tokens has no effect, and remove_outbound_auth_header one', () => {
    const { tokens, codes } = read(
      '[apim.jwt]\nenable = true\n[apim.oauth_config]\nremove_outbound_auth_header = "false"\nauth_header = "X"\n',
    );
    expect(tokens?.forwarded).toBe(true);
    expect(codes).toEqual(['5 note no-effect', '2 note no-effect']);
  });
});

describe('a list of tokens that were taken back', () => {
  test('holds digests and ids, with an end or without; what it cannot read is an error that shows nothing', () => {
    const found: Diagnostic[] = [];
    const digest = 'AB'.repeat(32);
    const text = [
      '# all of May',
      digest,
      '',
      `${digest} 1798675200  # soon`,
      'jti:one 2026-12-31T00:00:00Z',
      'jti:two',
      'eyJhbGciOiJSUzI1NiJ9.e30.secret',
      `${digest} tomorrow`,
    ].join('\r\n');
    const revoked = readRevokedTokens([{ path: 'revoked-tokens/may.txt', text }], (one) => found.push(one));
    expect(revoked).toEqual([
      { by: 'sha256', value: digest.toLowerCase() },
      { by: 'sha256', value: digest.toLowerCase(), endsAtMs: 1_798_675_200_000 },
      { by: 'jti', value: 'one', endsAtMs: Date.UTC(2026, 11, 31) },
      { by: 'jti', value: 'two' },
    ]);
    expect(found.map(({ code, at }) => `${code} ${at.file}:${at.line}`)).toEqual([
      'invalid-value revoked-tokens/may.txt:7',
      'invalid-value revoked-tokens/may.txt:8',
    ]);
    expect(JSON.stringify(found)).not.toContain('secret');
  });
});
