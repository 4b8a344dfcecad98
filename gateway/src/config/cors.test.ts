import { describe, expect, test } from 'vitest';
import { environment, goodFiles, homeOf, lines, ordersYaml } from '../../test/config/homes.ts';
import type { Cors } from '../policy/catalogue.ts';
import { readConfig } from './read-config.ts';

const tomlPath = 'repository/conf/deployment.toml';

/** The CORS of the API Orders by the lines of its `corsConfiguration`, and of `[apim.cors]`. */
function read(own: string, common = ''): { cors: Cors | undefined; found: readonly string[] } {
  const { config, diagnostics } = readConfig(
    homeOf({
      ...goodFiles,
      [tomlPath]: `${common}\n${goodFiles[tomlPath]}`,
      'apis/Orders/api.yaml': ordersYaml.replace('  context:', `${own}  context:`),
    }),
    environment,
  );
  return { cors: config?.apis[0]?.cors, found: lines(diagnostics) };
}

const defaults: Cors = {
  origins: 'every',
  credentials: false,
  methods: ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'],
  headers: [
    'authorization',
    'Access-Control-Allow-Origin',
    'Content-Type',
    'SOAPAction',
    'apikey',
    'Internal-Key',
  ],
  exposed: [],
};
const own = (more: string, enabled = 'true'): string =>
  `  corsConfiguration:\n    corsConfigurationEnabled: ${enabled}\n    ${more}\n`;

describe('CORS of an API', () => {
  test('is none unless a file says so', () => {
    for (const toml of ['', '[apim.cors]\nenable = false\nallow_origins = ["*"]'])
      for (const yaml of [
        '',
        own('accessControlAllowOrigins: ["*"]', 'false'),
        '  corsConfiguration: null\n',
      ])
        expect(read(yaml, toml)).toEqual({ cors: undefined, found: [] });
  });

  test("is WSO2's defaults, in both places", () => {
    expect(read('', '[apim.cors]')).toEqual({ cors: defaults, found: [] });
    expect(read(own(''))).toEqual({ cors: defaults, found: [] });
  });

  test('is what the API says, else what all have', () => {
    const common = `[apim.cors]
allow_origins = ["https://a.example", "http://localhost:3000"]
allow_methods = "GET, PUT"
allow_headers = ["X-A"]
allow_credentials = "true"`;
    const ofAll: Cors = {
      origins: ['https://a.example', 'http://localhost:3000'],
      credentials: true,
      methods: ['GET', 'PUT'],
      headers: ['X-A', 'apikey'],
      exposed: [],
    };
    expect(read('', common)).toEqual({ cors: ofAll, found: [] });
    expect(read(own('', 'false'), common)).toEqual({ cors: ofAll, found: [] });
    const more = `accessControlAllowOrigins: [https://b.example]
    accessControlAllowCredentials: true
    accessControlAllowHeaders: ["*"]
    accessControlAllowMethods: [GET]
    accessControlExposeHeaders: [X-Total]`;
    expect(read(own(more), common)).toEqual({
      cors: {
        origins: ['https://b.example'],
        credentials: true,
        methods: ['GET'],
        headers: 'asked',
        exposed: ['X-Total'],
      },
      found: [],
    });
  });

  test('has no credentials with every origin, which is a warning where that is asked', () => {
    const message =
      'warning[invalid-value] Credentials are not allowed with the origin "*", which browsers would refuse; answers say nothing of them.';
    const ofApi = read(own('accessControlAllowCredentials: true'));
    expect(ofApi).toEqual({ cors: defaults, found: [`apis/Orders/api.yaml:7:36 ${message}`] });
    const ofAll = read('', '[apim.cors]\nallow_origins = "*"\nallow_credentials = true');
    expect(ofAll).toEqual({ cors: defaults, found: [`${tomlPath}:3:21 ${message}`] });
  });

  test.each([
    'app.example.com',
    'https://app.example.com/',
    'https://App.example.com',
    'https://app.example.com:443',
    'https://*.example.com',
    'https://app.example.com?x',
  ])('takes no origin that no browser sends: %s', (origin) => {
    const expected = `found a string "${origin}", expected "*" or an origin as browsers send it, such as "https://app.example.com".`;
    const place = 'apis/Orders/api.yaml:7:33 error[invalid-value] accessControlAllowOrigins[0]:';
    expect(read(own(`accessControlAllowOrigins: [${JSON.stringify(origin)}]`)).found).toEqual([
      `${place} ${expected}`,
    ]);
    expect(read('', `[apim.cors]\nallow_origins = ["${origin}"]`).found).toEqual([
      `${tomlPath}:2:18 error[invalid-value] allow_origins[0]: ${expected}`,
    ]);
  });

  test.each(['null', 'http://[::1]:8080', 'capacitor://localhost'])('takes the origin %s', (origin) => {
    expect(read('', `[apim.cors]\nallow_origins = ["${origin}"]`).cors?.origins).toEqual([origin]);
  });

  test('is off by a misspelt switch, which is told; values of what is off are not looked at', () => {
    const { cors, found } = read(
      '  corsConfiguration:\n    corsConfigurationEnable: true\n    accessControlAllowOrigins: 7\n',
    );
    expect(cors).toBeUndefined();
    expect(found).toEqual([
      expect.stringContaining('apis/Orders/api.yaml:6:5 warning[unknown-key] "corsConfigurationEnable"'),
    ]);
  });

  test('has one origin and one method at least', () => {
    const { found } = read(own('accessControlAllowOrigins: []\n    accessControlAllowMethods: []'));
    expect(found).toEqual([
      expect.stringContaining('found a list, expected a list of origins, 1 to 100.'),
      expect.stringContaining('found a list, expected a list of methods, 1 to 100.'),
    ]);
  });

  test('takes nothing else that is wrong, and says where', () => {
    const { found } = read(
      own('accessControlAllowMethods: [get]\n    accessControlAllowHeaders: ["a b"]\n    maxAge: 1'),
      '[apim.cors]\nallow_methods = []\nenable = "maybe"\nmax_age = 1',
    );
    expect(found.map((line) => line.replace(/(\]).*/, '$1'))).toEqual([
      'apis/Orders/api.yaml:7:33 error[invalid-value]',
      'apis/Orders/api.yaml:8:33 error[invalid-value]',
      'apis/Orders/api.yaml:9:5 warning[unknown-key]',
      `${tomlPath}:2:17 error[invalid-value]`,
      `${tomlPath}:3:10 error[invalid-value]`,
      `${tomlPath}:4:1 warning[unknown-key]`,
    ]);
    expect(read('  corsConfiguration: 7\n').found).toHaveLength(1);
  });
});
