import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apiKey, sampleApi, sampleApplication } from '../../test/proxy/sample.ts';
import { ApiKeys } from './api-key.ts';

const binary = 'k\u0080\u00ff\u00e9y';
const application = sampleApplication(sampleApi(), {
  apiKeys: [apiKey('production'), apiKey('sandbox', 'SANDBOX'), apiKey(binary)],
});
const keys = new ApiKeys([application]);

describe('API keys', () => {
  test('lead to their application and key type', () => {
    expect(keys.holder('production')).toEqual({ application, keyType: 'PRODUCTION' });
    expect(keys.holder('sandbox')).toEqual({ application, keyType: 'SANDBOX' });
  });

  test('are compared byte by byte, above 0x7f too', () => {
    expect(keys.holder(binary)?.application).toBe(application);
    expect(keys.holder(Buffer.from(binary, 'latin1').toString('utf8'))).toBeUndefined();
    expect(keys.holder(Buffer.from(binary, 'utf8').toString('latin1'))).toBeUndefined();
  });

  test('no other spelling opens the door', () => {
    const other = fc.oneof(
      fc.string({ unit: 'binary-ascii' }),
      fc.constantFrom(
        'Production',
        'production ',
        ' production',
        'production\0',
        'productio',
        '',
        'x'.repeat(2000),
      ),
    );
    fc.assert(
      fc.property(other, (key) => {
        fc.pre(key !== 'production' && key !== 'sandbox');
        expect(keys.holder(key)).toBeUndefined();
      }),
    );
  });

  test('their digest is no key', () => {
    expect(keys.holder(application.apiKeys[0]!.sha256)).toBeUndefined();
  });
});
