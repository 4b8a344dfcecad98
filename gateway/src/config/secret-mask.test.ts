import { expect, test } from 'vitest';
import { maskSecrets, maskValueAfter, namesSecret } from './secret-mask.ts';

test.each([
  ['password = "hunter2"', 'password = ***'],
  ["'apim.redis_config.password'='hunter2'", "'apim.redis_config.password'=***"],
  [
    'redis_config = {host = "a", password = "hunter2", port = 1}',
    'redis_config = {host = "a", password = ***',
  ],
  ['secrets.alias = "[hunter2]"', 'secrets.alias = ***'],
  ['pasword = "hunter2"', 'pasword = ***'],
  ['consumerSecret: hunter2', 'consumerSecret: ***'],
  ['    - {keyType: SANDBOX, key: hunter2}', '    - {keyType: SANDBOX, key: ***'],
  ['"apiKey" : "hunter2"', '"apiKey" : ***'],
  ['auth_token = "hunter2"', 'auth_token = ***'],
  ['url: http://admin:hunter2@host/path', 'url: http://***@host/path'],
  ['password =', 'password ='],
  ['    - {keyType: SANDBOX, sha256: 0c0c}', '    - {keyType: SANDBOX, sha256: 0c0c}'],
  ['key_lock_retrieval_timeout = 50', 'key_lock_retrieval_timeout = 50'],
  ['apiKeyHeader: ApiKey', 'apiKeyHeader: ApiKey'],
  ['policies: [Gold]', 'policies: [Gold]'],
])('%s is shown as %s', (line, shown) => {
  expect(maskSecrets(line)).toBe(shown);
});

test('the value of an unknown key is masked, the keys before it are not', () => {
  expect(maskValueAfter('a: {b: 1, c: 2}', 11)).toBe('a: {b: 1, c: ***');
  expect(maskValueAfter('[sluice.listner]', 2)).toBe('[sluice.listner]');
});

test('keys that only sound like keys are no secrets', () => {
  const harmless = [
    'keyType',
    'consumerKey',
    'keys',
    'keyManagers',
    'sha256',
    'host',
    'tokenType',
    'keystore',
  ];
  expect(harmless.filter((name) => namesSecret(name))).toEqual([]);
});
