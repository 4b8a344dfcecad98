import { describe, expect, test } from 'vitest';
import { environment, goodFiles, goodFilesWith, homeOf, lines } from '../../test/config/homes.ts';
import { readConfig } from './read-config.ts';

describe('reading a home', () => {
  test('gives everything a gateway needs, with every reference resolved', () => {
    const { config, diagnostics } = readConfig(homeOf(goodFiles), environment);
    expect(lines(diagnostics)).toEqual([]);
    expect(config).toMatchObject({
      gateway: { id: 'gw1', countMin: 3, claimDeadlineMs: 50 },
      store: {
        kind: 'redis',
        host: '127.0.0.1',
        port: 6379,
        user: 'gw',
        password: 'hunter2',
        database: 0,
        tls: false,
        connectDeadlineMs: 1000,
        silenceMsMax: 1000,
      },
      onStoreFailure: { api: 'local', 'application-burst': 'local', backend: 'deny' },
      leases: { horizonMs: 100, recheckMs: 100 },
      listener: { host: '0.0.0.0', port: 8280, trustedProxies: ['10.0.0.0/8', 'fd00::1'] },
      admin: { host: '127.0.0.1', port: 9090 },
      responses: { retryAfter: 'seconds', rateLimitFields: true, errorFormat: 'json' },
    });
    const partnerGold = {
      name: 'PartnerGold',
      quotas: [
        {
          measure: 'requests',
          limit: { kind: 'fixed-window', quota: 5000, windowMs: 60_000, starts: 'aligned' },
        },
      ],
      burst: { kind: 'fixed-window', quota: 100, windowMs: 1000, starts: 'first-request' },
    };
    const ordersPolicy = {
      name: 'OrdersPolicy',
      limits: [
        {
          measure: 'requests',
          limit: { kind: 'fixed-window', quota: 1000, windowMs: 7_200_000, starts: 'aligned' },
        },
      ],
    };
    expect(config?.apis).toEqual([
      {
        name: 'Orders',
        version: '1.0.0',
        context: '/orders',
        basePaths: ['/orders/1.0.0'],
        blocked: false,
        apiKeyHeader: 'apikey',
        webSocket: false,
        operations: [
          { target: '/items', verb: 'GET', open: false },
          { target: '/items/{id}', verb: 'GET', open: false, policy: ordersPolicy },
          { target: '/status', verb: 'GET', open: true },
        ],
        anonymous: {
          tier: {
            name: 'Unauthenticated',
            quotas: [
              {
                measure: 'requests',
                limit: { kind: 'fixed-window', quota: 500, windowMs: 60_000, starts: 'aligned' },
              },
            ],
          },
          by: { kind: 'client-address' },
        },
        backends: {
          PRODUCTION: {
            targets: [{ url: 'http://127.0.0.1:9001/v1' }],
            choice: 'single',
            limits: [
              {
                measure: 'requests',
                limit: { kind: 'fixed-window', quota: 500, windowMs: 1000, starts: 'first-request' },
              },
            ],
          },
          SANDBOX: {
            targets: [{ url: 'http://127.0.0.1:9002' }],
            choice: 'single',
            limits: [
              {
                measure: 'requests',
                limit: { kind: 'fixed-window', quota: 50, windowMs: 1000, starts: 'first-request' },
              },
            ],
          },
        },
      },
    ]);
    expect(config?.applications).toEqual([
      {
        id: 'alice/MobileApp',
        name: 'MobileApp',
        owner: 'alice',
        tier: {
          name: '50PerMin',
          quotas: [
            {
              measure: 'requests',
              limit: { kind: 'fixed-window', quota: 50, windowMs: 60_000, starts: 'aligned' },
            },
          ],
        },
        apiKeys: [
          { keyType: 'PRODUCTION', sha256: 'ab'.repeat(32) },
          { keyType: 'SANDBOX', sha256: '0c'.repeat(32) },
        ],
        consumerKeys: [
          { keyType: 'PRODUCTION', consumerKey: 'mobile-prod', keyManager: 'Resident Key Manager' },
        ],
        subscriptions: [{ api: config?.apis[0], tier: partnerGold, state: 'active' }],
      },
    ]);
  });

  test('gives no config exactly when something is an error, and warnings beside a config', () => {
    const warned = readConfig(
      homeOf(goodFilesWith('apis/Orders/api.yaml', '  name:', '  nmae: x\n  name:')),
      environment,
    );
    expect(warned.config).toBeDefined();
    expect(lines(warned.diagnostics)).toEqual([
      'apis/Orders/api.yaml:4:3 warning[unknown-key] "nmae" is not a key that is known here; it has no effect.',
    ]);
    const failed = readConfig(
      homeOf(goodFilesWith('apis/Orders/api.yaml', 'verb: GET', 'verb: GOT')),
      environment,
    );
    expect(failed.config).toBeUndefined();
  });

  test('finds the problems of all files in one run, sorted by file and line', () => {
    const files = {
      ...goodFiles,
      'apis/Orders/api.yaml': goodFiles['apis/Orders/api.yaml']!.replace('verb: GET', 'verb: GOT').replace(
        '[api_key]',
        '[x]',
      ),
      'applications/MobileApp.yaml': goodFiles['applications/MobileApp.yaml']!.replace('50PerMin', '50PerMn'),
      'repository/conf/deployment.toml': goodFiles['repository/conf/deployment.toml']!.replace('6379', '"x"'),
    };
    const { diagnostics } = readConfig(homeOf(files).toReversed(), environment);
    expect(diagnostics.map(({ at, code }) => `${at.file}:${at.line} ${code}`)).toEqual([
      'apis/Orders/api.yaml:9 not-supported',
      'apis/Orders/api.yaml:16 invalid-value',
      'applications/MobileApp.yaml:7 unknown-tier',
      'repository/conf/deployment.toml:3 invalid-value',
    ]);
  });

  test('of two files that say the same, the second by name is wrong, in whatever order they come', () => {
    const home = homeOf({ ...goodFiles, 'apis/Zoo.yaml': goodFiles['apis/Orders/api.yaml']! });
    for (const files of [home, home.toReversed()]) {
      const { diagnostics } = readConfig(files, environment);
      expect(diagnostics.map(({ at, code }) => `${at.file} ${code}`)).toEqual(['apis/Zoo.yaml duplicate']);
    }
  });

  test('files that mean nothing where they lie are warned about', () => {
    const { config, diagnostics } = readConfig(
      homeOf({ ...goodFiles, 'policies/README.md': '', 'policies/old/': '' }),
      environment,
    );
    expect(config).toBeDefined();
    expect(diagnostics.map(({ at, code }) => `${at.file} ${code}`)).toEqual([
      'policies/README.md ignored-file',
      'policies/old/ ignored-file',
    ]);
  });

  test('a broken file is one problem, not one more for each use of what it defines', () => {
    for (const path of ['policies/Subscription-PartnerGold.yaml', 'apis/Orders/api.yaml']) {
      for (const broken of ['{', goodFiles[path]!.replace(/^ {2}(version|defaultLimit):/m, '  typo:')]) {
        const { diagnostics } = readConfig(homeOf({ ...goodFiles, [path]: broken }), environment);
        expect(new Set(diagnostics.map(({ at }) => at.file))).toEqual(new Set([path]));
      }
    }
  });
});
