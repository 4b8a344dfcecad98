import { afterEach, describe, expect, test } from 'vitest';
import { ask, charged, close, gateway, post, start } from './graphql-gateway.ts';

afterEach(close);

describe('a request to an API of type GRAPHQL', () => {
  test('reaches the backend with its very bytes, at the base path', async () => {
    await start();
    const body = '{ "variables" : {},\n"query":"{ languages { code } }" , "x": "ü\\u00fc"}';
    const { echo } = await post(body);
    expect([echo?.method, echo?.url]).toEqual(['POST', '/v1']);
    expect(echo?.body).toBe(body);
    expect(echo?.fields['content-length']).toEqual([String(Buffer.byteLength(body))]);
    const type = { headers: { 'Content-Type': 'application/graphql; charset=UTF-8' } };
    expect((await post('{ languages { code } }', type)).echo?.body).toBe('{ languages { code } }');
    const got = await ask(`?query=${encodeURIComponent('{ languages { code } }')}&x=1`);
    expect([got.echo?.method, got.echo?.url]).toEqual([
      'GET',
      '/v1?query=%7B%20languages%20%7B%20code%20%7D%20%7D&x=1',
    ]);
  });

  test('in chunks goes on in chunks, whole', async () => {
    await start();
    const client = gateway!.connect();
    const parts = ['{"query":"{ lang', 'uages { ', 'code } }"}'];
    client.request(
      'POST /gql/1.0.0',
      'ApiKey: mobile-key',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    );
    for (const part of parts) client.send(part.length.toString(16), part, '');
    client.send('0', '', '');
    await expect.poll(() => client.received).toContain('transfer-encoding');
    expect(client.received).toContain(JSON.stringify(parts.join('')));
  });

  test('a client that waits to be told to send its body is told', async () => {
    await start();
    const body = '{"query":"{ languages { code } }"}';
    const client = gateway!.connect();
    client.request(
      'POST /gql/1.0.0',
      'ApiKey: mobile-key',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Expect: 100-continue',
    );
    await expect.poll(() => client.received).toContain('100 Continue');
    client.send(body);
    await expect.poll(() => client.received).toContain('200 OK');
  });
});

describe('charges', () => {
  const costs = () => charged.at(-1)?.map(({ level, key, cost }) => [level, key.replace(/^.*?:/, ''), cost]);

  test('one operation pays as any request does', async () => {
    await start();
    await post({ query: '{ languages { code } }' });
    expect(costs()).toEqual([
      ['operation', '/gql/1.0.0/languages:QUERY', 1],
      ['subscription', 'a:/gql:1.0.0:Gold', 1],
      ['burst', 'a:/gql:1.0.0:Gold', 1],
      ['application', 'a:o', 1],
      ['application-burst', 'a:o', 1],
      ['backend', '/gql:1.0.0:PRODUCTION', 1],
    ]);
  });

  test('several pay each, but bursts once; one that is asked for twice pays once', async () => {
    await start();
    const query = '{ a: languages { code } b: languages { code } country { name } }';
    const { limits } = await post({ query });
    expect(limits).toContain(
      '"operation-languages";q=1000;w=60, "operation-country";q=1000;w=60, "subscription";',
    );
    expect(costs()).toEqual([
      ['operation', '/gql/1.0.0/languages:QUERY', 1],
      ['operation', '/gql/1.0.0/country:QUERY', 1],
      ['subscription', 'a:/gql:1.0.0:Gold', 2],
      ['burst', 'a:/gql:1.0.0:Gold', 1],
      ['application', 'a:o', 2],
      ['application-burst', 'a:o', 1],
      ['backend', '/gql:1.0.0:PRODUCTION', 2],
    ]);
    expect(gateway!.records.at(-1)?.operation).toBe('/languages,/country');
  });

  test('introspection pays as an operation without a policy', async () => {
    await start();
    await post({ query: '{ __schema { types { name } } }' });
    expect(costs()?.map(([level]) => level)).not.toContain('operation');
    expect(costs()?.length).toBe(5);
  });

  test('open operations are anybody’s, the others take a key', async () => {
    await start();
    expect((await post({ query: '{ free }' }, { key: '' })).status).toBe(200);
    expect(costs()?.map(([, key]) => key)).toEqual([
      '127.0.0.1:/gql:1.0.0:Unauthenticated',
      '/gql:1.0.0:PRODUCTION',
    ]);
    expect(await post({ query: '{ free languages { code } }' }, { key: '' })).toMatchObject({
      status: 401,
      code: '900902',
    });
    expect((await post({ query: '{ free languages { code } }' })).status).toBe(200);
    expect(await post({ query: '{ free languages { code } }' }, { key: 'nobody' })).toMatchObject({
      code: '900901',
    });
  });

  test('without a list of operations all of the schema are served', async () => {
    await start({}, false);
    expect((await post({ query: '{ unlisted }' })).status).toBe(200);
    expect((await post({ query: 'mutation { add(code: 1) { code } }' })).status).toBe(200);
    expect(await post({ query: '{ nothing }' })).toMatchObject({ status: 422 });
    expect(await post({ query: '{ unlisted }' }, { key: '' })).toMatchObject({ status: 401 });
  });
});
