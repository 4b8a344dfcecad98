import { describe, expect, test } from 'vitest';
import { environment, lines } from '../../test/config/homes.ts';
import type { AdminSettings } from './config.ts';
import { readDeploymentToml } from './deployment-toml.ts';
import type { Diagnostic } from './diagnostic.ts';

const digest = 'ab'.repeat(32);
const token = `[[token]]\nname = "ci"\nsha256 = "${digest}"\nscopes = ["apim:tier_view"]\n`;

function read(table: string, tokens = token): { admin: AdminSettings | undefined; said: readonly string[] } {
  const found: Diagnostic[] = [];
  const home = [{ path: 'deployment.toml', text: `[sluice.admin]\n${table}` }];
  const namedFile = (path: string) => (path === 'tokens.toml' ? { text: tokens } : { problem: 'ENOENT' });
  const settings = readDeploymentToml(home, { ...environment, namedFile }, (one) => found.push(one));
  return { admin: settings?.admin, said: lines(found) };
}

const named = 'tokens_file = "tokens.toml"\n';

describe('[sluice.admin]', () => {
  test('without a file of tokens there is no API, and with one it is shared by default', () => {
    expect(read('').admin).toEqual({ host: '127.0.0.1', port: 9090 });
    const { admin, said } = read(named);
    expect(said).toEqual([]);
    expect(admin?.api).toEqual({
      tokens: [{ name: 'ci', sha256: digest, scopes: ['apim:tier_view'] }],
      share: 'default',
    });
    expect(read(`${named}share = "blue"`).admin?.api?.share).toBe('blue');
    expect(read(`${named}share = "off"`).admin?.api).toEqual({ tokens: admin?.api?.tokens });
    expect(read(named, token.replace(digest, digest.toUpperCase())).admin?.api?.tokens[0]?.sha256).toBe(
      digest,
    );
  });

  test.each(['127.0.0.1', '127.9.8.7', '::1', 'localhost'])('tokens may be shown to %s', (host) => {
    expect(read(`${named}host = "${host}"`).said).toEqual([]);
  });

  test.each(['0.0.0.0', '::', '10.0.0.7', 'gw.example', '127.0.0.1.example'])(
    'tokens are not to travel to %s in the clear, unless somebody says so',
    (host) => {
      expect(read(`${named}host = "${host}"`).said).toEqual([
        `deployment.toml:2:1 error[conflict] Tokens would travel in the clear: the admin listener on ${host} speaks plain HTTP.`,
      ]);
      expect(read(`${named}host = "${host}"\nplain_tokens = true`).said).toEqual([]);
      expect(read(`host = "${host}"`).said).toEqual([]);
    },
  );

  test('a file that cannot be read is an error', () => {
    expect(read('tokens_file = "moon.toml"').said).toEqual([
      `deployment.toml:2:15 error[unreadable-file] tokens_file: the file "moon.toml" can't be read: ENOENT.`,
    ]);
  });

  test.each([
    ['', 'tokens.toml:1:1 error[missing-value] token is missing; expected a list of 1 to 1000 tokens.'],
    ['x', /^tokens\.toml:1:\d+ error\[syntax\] Not valid TOML/],
    [
      token.replace('apim:tier_view', 'apim:moon'),
      /tokens\.toml:4:11 error\[invalid-value\] scopes\[0\]: found/,
    ],
    [token + token, /tokens\.toml:7:10 error\[duplicate\] This token has the digest of token\[0\]/],
    [token.replace(/scopes.*/, ''), /error\[missing-value\] scopes is missing/],
  ])('a file of tokens %j is refused', (text, says) => {
    const { said } = read(named, text);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(says);
  });

  test('a token in the place of its digest is refused, and never shown', () => {
    const found: Diagnostic[] = [];
    const tokens = token.replace(digest, 'hunter2-hunter2');
    const home = [{ path: 'deployment.toml', text: `[sluice.admin]\n${named}` }];
    readDeploymentToml(home, { ...environment, namedFile: () => ({ text: tokens }) }, (one) =>
      found.push(one),
    );
    expect(lines(found)).toEqual([expect.stringContaining('tokens.toml:3:10 error[invalid-value] sha256')]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});
