import { describe, expect, test } from 'vitest';
import { environment, goodFiles, homeOf, mobileAppYaml, ordersYaml } from '../../test/config/homes.ts';
import type { Application } from '../policy/catalogue.ts';
import type { Diagnostic } from './diagnostic.ts';
import { readConfig } from './read-config.ts';

function read(
  text: string,
  others: Readonly<Record<string, string>> = {},
): { application: Application | undefined; found: readonly Diagnostic[] } {
  const files = { ...goodFiles, ...others, 'applications/MobileApp.yaml': text };
  const { config, diagnostics } = readConfig(homeOf(files), environment);
  return { application: config?.applications.at(-1), found: diagnostics };
}

function codes(found: readonly Diagnostic[]): readonly string[] {
  return found.map(({ severity, code, at }) => `${at.file}:${at.line} ${severity} ${code}`);
}

function changed(piece: string | RegExp, by: string): string {
  const text = mobileAppYaml.replace(piece, by);
  return text;
}

describe('who an application is', () => {
  test.each([
    ['its applicationId', '    applicationId: 9e2c-1\n    name: MobileApp\n    owner: alice\n', '9e2c-1'],
    ['owner and name', '    name: MobileApp\n    owner: alice\n', 'alice/MobileApp'],
    ['its name, without an owner', '    name: MobileApp\n', 'MobileApp'],
  ])('the id is %s', (_, info, id) => {
    const { application, found } = read(changed('    name: MobileApp\n    owner: alice\n', info));
    expect(found).toEqual([]);
    expect(application?.id).toBe(id);
  });

  test('without a tier it is unlimited', () => {
    const { application } = read(changed('    throttlingPolicy: 50PerMin\n', ''));
    expect(application?.tier).toEqual({ name: 'Unlimited' });
  });

  test('what else apictl exports gets no finding', () => {
    const { found } = read(
      changed(
        '    owner: alice\n',
        '    owner: alice\n    tokenType: JWT\n    groups: []\n    attributes: {}\n    subscriptionCount: 0\n',
      ),
    );
    expect(found).toEqual([]);
  });
});

describe('subscriptions', () => {
  const entry = 'throttlingPolicy: PartnerGold';

  test.each([
    ['UNBLOCKED', 'active'],
    ['TIER_UPDATE_PENDING', 'active'],
    ['DELETE_PENDING', 'active'],
    ['BLOCKED', 'blocked'],
    ['PROD_ONLY_BLOCKED', 'production-blocked'],
    ['ON_HOLD', 'not-approved'],
    ['REJECTED', 'not-approved'],
  ])('status %s is %s', (status, state) => {
    expect(read(changed(entry, `${entry}, status: ${status}`)).application?.subscriptions[0]?.state).toBe(
      state,
    );
    expect(
      read(changed(entry, `${entry}, subscriptionStatus: ${status}`)).application?.subscriptions[0]?.state,
    ).toBe(state);
  });

  test('the API may be named by apiName or by name', () => {
    const { application, found } = read(changed('apiName: Orders', 'name: Orders, providerName: admin'));
    expect(found).toEqual([]);
    expect(application?.subscriptions[0]?.api.name).toBe('Orders');
  });

  test('a tier that the API does not offer is warned about, and given', () => {
    const { application, found } = read(changed('PartnerGold', 'Bronze'));
    expect(codes(found)).toEqual(['applications/MobileApp.yaml:14 warning not-offered']);
    expect(application?.subscriptions[0]?.tier.name).toBe('Bronze');
  });

  test('an API that needs no subscription takes one with any tier', () => {
    const others = {
      'apis/Open.yaml': ordersYaml
        .replace('Orders', 'Open')
        .replace('/orders', '/open')
        .replace('[Gold, PartnerGold]', '[]'),
    };
    const { application, found } = read(changed('apiName: Orders', 'apiName: Open'), others);
    expect(found).toEqual([]);
    expect(application?.subscriptions[0]).toMatchObject({
      api: { name: 'Open' },
      tier: { name: 'PartnerGold' },
    });
  });

  test('a subscription to an API that is not served is left out, without an error', () => {
    const others = {
      'apis/Old.yaml': ordersYaml
        .replace('Orders', 'Old')
        .replace('/orders', '/old')
        .replace('PUBLISHED', 'RETIRED'),
    };
    const { application, found } = read(changed('apiName: Orders', 'apiName: Old'), others);
    expect(codes(found)).toEqual(['apis/Old.yaml:7 warning not-served']);
    expect(application?.subscriptions).toEqual([]);
  });

  test('two versions of an API are two subscriptions', () => {
    const others = { 'apis/Orders2.yaml': ordersYaml.replace('1.0.0', '2.0.0') };
    const second = '    - {apiId: {apiName: Orders, version: 2.0.0}, throttlingPolicy: Gold}\n';
    const { application, found } = read(mobileAppYaml + second, others);
    expect(found).toEqual([]);
    expect(application?.subscriptions.map(({ api }) => api.version)).toEqual(['1.0.0', '2.0.0']);
  });
});

describe('keys', () => {
  test('the same digest in another application and in another case is an error', () => {
    const other = mobileAppYaml
      .replace('MobileApp', 'Other')
      .replace('mobile-prod', 'other-prod')
      .replace(/0c/g, '0d')
      .replace(/Ab/g, 'aB');
    expect(codes(read(mobileAppYaml, { 'applications/Other.yaml': other }).found)).toEqual([
      'applications/Other.yaml:11 error duplicate',
    ]);
  });

  test.each(['key', 'apiKey', 'value'])(
    'a key in clear under %s is an error that shows the way, not the key',
    (field) => {
      const { found } = read(changed(/sha256: \S+\}/, `${field}: hunter2}`));
      expect(codes(found)).toEqual(['applications/MobileApp.yaml:11 error plain-key']);
      expect(found[0]?.hint).toContain('printf %s "$KEY" | sha256sum');
      expect(JSON.stringify(found)).not.toContain('hunter2');
    },
  );

  test('a broken key does not move the place of the next ones', () => {
    const { found } = read(changed('keyType: PRODUCTION, sha256', 'sha256').replace(/0c/g, 'ab'));
    expect(codes(found)).toEqual([
      'applications/MobileApp.yaml:11 error missing-value',
      'applications/MobileApp.yaml:12 error duplicate',
    ]);
  });
});
