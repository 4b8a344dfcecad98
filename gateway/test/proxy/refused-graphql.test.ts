import { afterEach, describe, expect, test } from 'vitest';
import {
  ask,
  charged,
  close,
  gateway,
  type Init,
  post,
  schema,
  start,
  startWith,
} from './graphql-gateway.ts';
import { operationOf, sampleApi, sampleConfig } from './sample.ts';

afterEach(close);

describe('refused before anything is counted', () => {
  test.each<[string, unknown, number, string, RegExp]>([
    [
      'too deep',
      { query: '{ languages { countries { languages { code } } } }' },
      400,
      '900820',
      /exceeded 4 > 3/,
    ],
    [
      'too complex',
      { query: '{ languages { countries(first: 10) { name } } }' },
      400,
      '900821',
      /exceeded 25 > 20/,
    ],
    [
      'too complex by a variable',
      { query: 'query($n: Int) { languages { countries(first: $n) { name } } }', variables: { n: 8 } },
      400,
      '900821',
      /exceeded 21 > 20/,
    ],
    ['no GraphQL', { query: '{ languages' }, 422, '900422', /Syntax Error/],
    ['not in the schema', { query: '{ nothing }' }, 422, '900422', /Query has no field nothing/],
    ['several in one', [{ query: '{ languages { code } }' }], 422, '900422', /Several/],
    ['no operation of the API', { query: '{ unlisted }' }, 403, '900906', /./],
    ['no JSON', '{"query"', 422, '900422', /no JSON object/],
    ['an empty body', '', 422, '900422', /no body/],
  ])('%s', async (_, body, status, code, description) => {
    await start({ depthMax: 3, complexityMax: 20 });
    const answer = await post(body);
    expect(answer).toMatchObject({ status, code });
    expect(answer.description).toMatch(description);
    expect([charged.length, gateway!.seen.length]).toEqual([0, 0]);
  });

  test.each<[string, string, Init, number, string]>([
    [
      'a form',
      '',
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: 'query={free}',
      },
      422,
      '900422',
    ],
    [
      'another charset',
      '',
      { method: 'POST', headers: { 'Content-Type': 'application/json; charset=utf-16' }, body: '{}' },
      422,
      '900422',
    ],
    [
      'a compressed body',
      '',
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
        body: '{}',
      },
      422,
      '900422',
    ],
    [
      'two queries',
      '?query={free}',
      { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"query":"{ free }"}' },
      422,
      '900422',
    ],
    ['a GET without a query', '', {}, 422, '900422'],
    ['another path', '/x', { method: 'POST' }, 403, '900906'],
    ['another method', '', { method: 'PUT', body: 'x' }, 405, '405'],
    [
      'a large body',
      '',
      { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: 'x'.repeat(256 * 1024 + 1) },
      413,
      '908015',
    ],
  ])('%s', async (_, path, init, status, code) => {
    await start();
    expect(await ask(path, init)).toMatchObject({ status, code });
    expect([charged.length, gateway!.seen.length]).toEqual([0, 0]);
  });

  test('a large body in chunks, and the connection still tells it', async () => {
    await start();
    const client = gateway!.connect();
    client.request(
      'POST /gql/1.0.0',
      'ApiKey: mobile-key',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    );
    const chunk = 'x'.repeat(64 * 1024);
    for (let at = 0; at < 5; at += 1) client.send(chunk.length.toString(16), chunk, '');
    client.send('0', '', '');
    await expect.poll(() => client.received).toContain('908015');
    client.request('GET /gql/1.0.0?query={free}');
    await expect.poll(() => client.received).toContain('200 OK');
  });

  test('a body that is not UTF-8', async () => {
    await start();
    const type = { 'Content-Type': 'application/graphql', ApiKey: 'mobile-key' };
    const response = await fetch(`${gateway!.url}/gql/1.0.0`, {
      method: 'POST',
      headers: type,
      body: Buffer.from([0x7b, 0xff, 0x7d]),
    });
    expect(response.status).toBe(422);
  });

  test('nobody’s body is waited for who may ask for nothing', async () => {
    const api = sampleApi({
      graphql: { schema, complexity: new Map() },
      operations: [operationOf('/languages', 'QUERY')],
    });
    const gateway = await startWith(() => sampleConfig({ apis: [api], applications: [] }));
    const client = gateway.connect();
    client.request('POST /orders/1.0.0', 'Content-Type: application/json', 'Content-Length: 100');
    await expect.poll(() => client.received).toContain('401 Unauthorized');
  });

  test('a client that leaves while its body comes is forgotten', async () => {
    await start();
    const client = gateway!.connect();
    client.request(
      'POST /gql/1.0.0',
      'ApiKey: mobile-key',
      'Content-Type: application/json',
      'Content-Length: 100',
    );
    client.send('{"query":');
    await expect.poll(() => gateway!.begun).toBe(1);
    client.socket.destroy();
    await expect.poll(() => gateway!.records.length).toBe(1);
    expect(gateway!.records[0]).toMatchObject({ aborted: true });
    expect([charged.length, gateway!.seen.length]).toEqual([0, 0]);
  });
});
