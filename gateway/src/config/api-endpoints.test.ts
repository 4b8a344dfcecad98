import { describe, expect, test } from 'vitest';
import { goodFiles, ordersYaml } from '../../test/config/homes.ts';
import type { Api } from '../policy/catalogue.ts';
import { readApi } from './api-project.ts';
import type { Diagnostic } from './diagnostic.ts';
import { readPolicies } from './policy-book.ts';
import { parseYamlFile } from './yaml-file.ts';

/** Reads the good home's API with other endpoints, and perhaps of another type; it comes back with its problems. */
function read(
  endpointConfig: string,
  { type = 'HTTP', operations = '' }: { readonly type?: string; readonly operations?: string } = {},
): { api: Api | undefined; found: readonly Diagnostic[] } {
  const found: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): unknown => found.push(diagnostic);
  const kept = ordersYaml.slice(0, ordersYaml.indexOf('  maxTps:'));
  const text = `${kept}  type: ${type}\n  endpointConfig: ${endpointConfig}\n${operations}`;
  const parse = (path: string, contents: string) => parseYamlFile({ path, text: contents }, report);
  const policyPath = 'policies/Subscription-PartnerGold.yaml';
  const policy = { path: policyPath, source: parse(policyPath, goodFiles[policyPath] ?? '') };
  return { api: readApi(parse('apis/Orders.yaml', text)!, readPolicies([policy]))?.api, found };
}

function said(found: readonly Diagnostic[]): readonly string[] {
  return found.map(({ severity, code, message }) => `${severity}[${code}] ${message}`);
}

const one = '{url: "http://a/1"}';
const two = '[{url: "http://a/1"}, {url: "https://b:8443", template_not_supported: false}]';
const roundRobin = 'org.apache.synapse.endpoints.algorithms.RoundRobin';

describe('several endpoints', () => {
  test('of load_balance get requests in turn', () => {
    const wso2s = `algoCombo: ${roundRobin}, algoClassName: ${roundRobin}, sessionManagement: "", sessionTimeOut: ""`;
    const { api, found } = read(
      `{endpoint_type: load_balance, ${wso2s}, production_endpoints: ${two}, sandbox_endpoints: [${one}]}`,
    );
    expect(said(found)).toEqual([]);
    expect(api?.backends).toEqual({
      PRODUCTION: { targets: [{ url: 'http://a/1' }, { url: 'https://b:8443' }], choice: 'round-robin' },
      SANDBOX: { targets: [{ url: 'http://a/1' }], choice: 'single' },
    });
  });

  test('of failover are tried in their order', () => {
    const { api, found } = read(
      `{endpoint_type: failover, production_endpoints: ${one}, production_failovers: ${two}, sandbox_endpoints: [${one}], sandbox_failovers: []}`,
    );
    expect(said(found)).toEqual([]);
    expect(api?.backends).toEqual({
      PRODUCTION: {
        targets: [{ url: 'http://a/1' }, { url: 'http://a/1' }, { url: 'https://b:8443' }],
        choice: 'failover',
      },
      SANDBOX: { targets: [{ url: 'http://a/1' }], choice: 'single' },
    });
  });

  test("what a publisher leaves behind of another type's fields has no effect", () => {
    const { api, found } = read(
      `{endpoint_type: http, failOver: true, production_endpoints: ${one}, production_failovers: [{url: ""}]}`,
    );
    expect(said(found)).toEqual([]);
    expect(api?.backends).toEqual({ PRODUCTION: { targets: [{ url: 'http://a/1' }], choice: 'single' } });
  });

  test.each([
    [
      `{endpoint_type: http, production_endpoints: ${two}}`,
      'production_endpoints: found 2 endpoints, expected one.',
    ],
    [
      `{endpoint_type: failover, production_endpoints: ${two}}`,
      'production_endpoints: found 2 endpoints, expected one.',
    ],
    [
      '{endpoint_type: load_balance, production_endpoints: []}',
      'production_endpoints: found 0 endpoints, expected 1 to 100.',
    ],
    [
      `{endpoint_type: load_balance, production_endpoints: [${Array(101).fill(one).join()}]}`,
      'production_endpoints: found 101 endpoints, expected 1 to 100.',
    ],
    [
      `{endpoint_type: failover, production_endpoints: ${one}, production_failovers: [${Array(100).fill(one).join()}]}`,
      'production_failovers: found 100 endpoints, expected at most 99.',
    ],
    [
      `{endpoint_type: failover, production_endpoints: ${one}, production_failovers: [{url: x}]}`,
      'url must start with http:// or https://.',
    ],
  ])('%s', (endpointConfig, message) => {
    const { api, found } = read(endpointConfig);
    expect(said(found)).toEqual([`error[invalid-value] ${message}`]);
    expect(api?.backends).toEqual({});
  });

  test('endpoints to fail over to need one to fail over from', () => {
    const { found } = read(
      `{endpoint_type: failover, production_endpoints: ${one}, sandbox_failovers: [${one}]}`,
    );
    expect(said(found)).toEqual([
      'error[missing-value] There are endpoints to fail over to, and no sandbox_endpoints to fail over from.',
    ]);
  });

  test.each([
    ['algoClassName: org.example.Weighted', 'algoClassName: only RoundRobin is supported yet'],
    ['sessionManagement: simpleClientSession', 'Sessions are not supported yet'],
  ])('%s is a warning: who gets a request is no limit', (field, message) => {
    const { api, found } = read(`{endpoint_type: load_balance, ${field}, production_endpoints: ${two}}`);
    expect(said(found)).toEqual([expect.stringContaining(`warning[not-supported] ${message}`)]);
    expect(api?.backends.PRODUCTION?.choice).toBe('round-robin');
  });
});

describe('an endpoint', () => {
  test.each([
    ['null', undefined],
    ['{}', undefined],
    ['{actionSelect: fault, actionDuration: "", suspendDuration: 30000}', undefined],
    ['{actionDuration: "30000", retryErroCode: []}', 30_000],
    ['{actionDuration: 3600000}', 3_600_000],
  ])('with config %s has its own wait: %s', (config, headMsMax) => {
    const { api, found } = read(`{production_endpoints: {url: "http://a", config: ${config}}}`);
    expect(said(found)).toEqual([]);
    expect(api?.backends.PRODUCTION?.targets).toEqual([{ url: 'http://a', ...(headMsMax && { headMsMax }) }]);
  });

  test.each(['0', '-1', '3600001', 'soon', '1.5'])('can not wait %s ms', (actionDuration) => {
    const { found } = read(
      `{production_endpoints: {url: "http://a", config: {actionDuration: ${actionDuration}}}}`,
    );
    expect(said(found)).toEqual([
      expect.stringMatching(/^error\[invalid-value\] actionDuration: found .*expected a whole number from 1/),
    ]);
  });

  test('that asks for credentials gets none, which is said without showing them', () => {
    const security =
      '{production: {enabled: true, type: OAUTH, clientId: hunter2}, sandbox: {enabled: true, type: NONE}}';
    const { found } = read(`{production_endpoints: ${one}, endpoint_security: ${security}}`);
    expect(said(found)).toEqual([
      'warning[not-supported] Credentials for backends are not supported yet; production gets requests without any.',
    ]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});

describe('an API of type WS', () => {
  const endpoints = '{endpoint_type: ws, production_endpoints: {url: "WSS://Chat.Internal:443/rooms/"}}';

  test('opens WebSockets, by GET, where its endpoint says', () => {
    const { api, found } = read(endpoints, { type: 'WS' });
    expect(said(found)).toEqual([]);
    expect(api).toMatchObject({
      webSocket: true,
      backends: { PRODUCTION: { targets: [{ url: 'https://chat.internal/rooms' }], choice: 'single' } },
      operations: [{ target: '/*', verb: 'GET', open: false }],
    });
  });

  test('has one operation for both directions of a topic', () => {
    const operations =
      '  operations: [{target: /a, verb: SUBSCRIBE, throttlingPolicy: 10KPerMin}, {target: /a, verb: PUBLISH, throttlingPolicy: 10KPerMin}, {target: /b, verb: PUBLISH}]\n';
    const { api, found } = read(endpoints, { type: 'WS', operations });
    expect(said(found).slice(1)).toEqual([]);
    expect(api?.operations).toMatchObject([
      { target: '/a', verb: 'GET', policy: { name: '10KPerMin' } },
      { target: '/b', verb: 'GET' },
    ]);
  });

  test.each([
    [
      'SUBSCRIBE',
      'PUBLISH, throttlingPolicy: 10KPerMin',
      'error[conflict] PUBLISH and SUBSCRIBE of one target',
    ],
    ['SUBSCRIBE', 'PUBLISH, authType: None', 'error[conflict] PUBLISH and SUBSCRIBE of one target'],
    ['SUBSCRIBE', 'SUBSCRIBE', 'error[duplicate] GET /a is an operation already'],
    ['SUBSCRIBE', 'POST', 'error[invalid-value] verb: found a string "POST"'],
  ])('can not have %s beside %s', (first, second, message) => {
    const operations = `  operations: [{target: /a, verb: ${first}}, {target: /a, verb: ${second}}]\n`;
    const { found } = read(endpoints, { type: 'WS', operations });
    expect(said(found)).toContainEqual(expect.stringContaining(message));
  });

  test.each([
    ['WS', 'http://a', 'ws:// or wss://'],
    ['HTTP', 'ws://a', 'http:// or https://'],
    ['SSE', 'wss://a', 'http:// or https://'],
  ])('is reached by URLs of its own: %s by %s is wrong', (type, url, expected) => {
    const { found } = read(`{production_endpoints: {url: "${url}"}}`, { type });
    expect(said(found)).toContain(`error[invalid-value] url must start with ${expected}.`);
  });

  test('alone may have endpoints of type ws', () => {
    expect(said(read(endpoints.replace(/WSS/, 'https')).found)).toEqual([
      expect.stringContaining('endpoint_type: found "ws", expected one of "http"'),
    ]);
  });
});

test('an API of type SSE is served, and its answers are streams of events', () => {
  const operations = '  operations: [{target: /prices, verb: SUBSCRIBE}]\n';
  const { api, found } = read(`{production_endpoints: ${one}}`, { type: 'SSE', operations });
  expect(found).toEqual([]);
  expect(api).toMatchObject({
    webSocket: false,
    eventStream: true,
    operations: [{ target: '/prices', verb: 'GET' }],
  });
});
