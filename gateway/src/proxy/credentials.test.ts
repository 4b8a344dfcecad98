import { describe, expect, test } from 'vitest';
import { sampleApi } from '../../test/proxy/sample.ts';
import { credentialOf } from './credentials.ts';
import { causes } from './refusal.ts';

const tokens = { header: 'authorization', audiences: [], keyManagers: [] };
const both = sampleApi({ tokens });
const socket = sampleApi({ tokens, webSocket: true });
const { apiKeyHeader: _, ...tokensOnly } = both;

const token = (text: string) => ({ kind: 'token', text });
const key = (text: string) => ({ kind: 'api-key', text });
const bad = { cause: causes.badCredentials };
const repeated = { cause: causes.repeatedApiKey };

describe('the credential of a request', () => {
  test.each([
    [['Authorization', 'Bearer abc'], '', token('abc')],
    [['authorization', 'bEARER   abc'], '', token('abc')],
    [['Authorization', 'Bearer abc', 'ApiKey', 'k'], '', token('abc')],
    [['Authorization', 'Bearer'], '', { cause: { code: '900902' } }],
    [['Authorization', 'Bearerx abc'], '', { cause: { code: '900902' } }],
    [['Authorization', 'Basic YTpi', 'ApiKey', 'k'], '', key('k')],
    [['Authorization', 'Basic YTpi', 'Authorization', 'Bearer abc'], '', bad],
    [['Authorization', 'Bearer abc', 'authorization', 'Bearer abc'], '', bad],
    [['ApiKey', 'k', 'apikey', 'k'], '', repeated],
    [['ApiKey', 'k'], '?apikey=other', key('k')],
    [[], '?a=1&apikey=k%2B1&b=2', { ...key('k+1'), query: '?a=1&b=2' }],
    [[], '?apikey=%C3%A9', { ...key('\u00c3\u00a9'), query: '' }],
    [[], '?apikey=k&apikey=k', repeated],
    [[], '?APIKEY=k&xapikey=k&apikey=', { cause: { code: '900902' } }],
    [[], '?apikey=%E9', { cause: { code: '900902' } }],
    [[], '?access_token=abc', { cause: { code: '900902' } }],
  ])('%j %j is %j', (fields, query, expected) => {
    expect(credentialOf(fields, query, both)).toMatchObject(expected);
  });

  test.each([
    [['Authorization', 'Bearer abc'], '?access_token=other', token('abc')],
    [[], '?access_token=abc&room=7', { ...token('abc'), query: '?room=7' }],
    [[], '?access_token=abc&access_token=abc', bad],
    [[], '?apikey=k', { ...key('k'), query: '' }],
  ])('where a WebSocket is opened, %j %j is %j', (fields, query, expected) => {
    expect(credentialOf(fields, query, socket)).toMatchObject(expected);
  });

  test('is no API key where the API takes none, and no token where it takes none', () => {
    const asked = (header: string) => ({
      code: '900902',
      description: `Make sure your API invocation call has a header: ${header}`,
    });
    expect(credentialOf(['ApiKey', 'k'], '?apikey=k', tokensOnly)).toMatchObject({
      cause: asked("'authorization : Bearer ACCESS_TOKEN'"),
      challenge: 'Bearer realm="sluice"',
    });
    expect(credentialOf(['Authorization', 'Bearer abc'], '', sampleApi())).toMatchObject({
      cause: asked("'apikey : API_KEY'"),
      challenge: 'ApiKey realm="sluice"',
    });
  });
});
