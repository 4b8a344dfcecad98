import { afterEach, describe, expect, test } from 'vitest';
import type { Charge } from '../../src/policy/plan.ts';
import { requestQuota } from '../../src/policy/measure.ts';
import type { GraphqlBounds } from '../../src/policy/tiers.ts';
import { admitAll, type Echoed, echoed, RunningGateway } from './running-gateway.ts';
import { apiKey, backendAt, gold, limitOf, operationOf, sampleApi, sampleConfig } from './sample.ts';

const schema = `
type Query { languages: [Language!]! country(code: ID): Country free: String unlisted: String }
type Mutation { add(code: ID!): Language }
type Language { code: ID! name: String countries(first: Int): [Country] }
type Country { name: String languages: [Language] }
`;

let gateway: RunningGateway | undefined;
const charged: (readonly Charge[])[] = [];

afterEach(async () => {
  charged.length = 0;
  await gateway?.close();
  gateway = undefined;
});

async function start(bounds: GraphqlBounds = {}, withOperations = true): Promise<RunningGateway> {
  const policy = (name: string) => ({ policy: { name, limits: [requestQuota(limitOf(1000))] } });
  const operations = [
    operationOf('/languages', 'QUERY', policy('OfLanguages')),
    operationOf('/country', 'QUERY', policy('OfCountry')),
    operationOf('/add', 'MUTATION'),
    operationOf('/free', 'QUERY', { open: true }),
  ];
  gateway = await RunningGateway.start({
    config: (url) => {
      const api = sampleApi({
        name: 'Languages',
        context: '/gql',
        basePaths: ['/gql/1.0.0'],
        operations: withOperations ? operations : [],
        graphql: { schema, complexity: new Map([['Query.languages', 5]]) },
        backends: { PRODUCTION: backendAt(url, limitOf(1000)) },
      });
      const tier = { ...gold, graphql: bounds };
      const application = {
        id: 'a',
        name: 'a',
        owner: 'o',
        tier: { name: 'T', quotas: [requestQuota(limitOf(50))], burst: limitOf(5) },
        apiKeys: [apiKey('mobile-key')],
        subscriptions: [{ api, tier, state: 'active' as const }],
      };
      return sampleConfig({ apis: [api], applications: [application] });
    },
  });
  gateway.decide = (charges) => {
    charged.push(charges);
    return admitAll(charges);
  };
  return gateway;
}

interface Asked {
  readonly status: number;
  readonly limits?: string | null;
  readonly code?: string;
  readonly description?: string;
  readonly echo?: Echoed;
}

interface Init extends Omit<RequestInit, 'headers'> {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(path: string, init: Init = {}): Promise<Asked> {
  const { key = 'mobile-key', headers = {}, ...more } = init;
  const response = await fetch(`${gateway!.url}/gql/1.0.0${path}`, {
    headers: { ...(key !== '' && { ApiKey: key }), ...headers },
    ...more,
  });
  const text = await response.text();
  if (response.status === 200)
    return { status: 200, echo: echoed(text), limits: response.headers.get('ratelimit-policy') };
  const { code, description } = JSON.parse(text) as Record<string, string>;
  return { status: response.status, code: code!, description: description! };
}

const post = (body: unknown, more: Init = {}) =>
  ask('', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...more,
  });

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
    gateway = await RunningGateway.start({ config: () => sampleConfig({ apis: [api], applications: [] }) });
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
