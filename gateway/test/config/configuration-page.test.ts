import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { backendTlsKeys } from '../../src/config/backends-table.ts';
import { corsKeys } from '../../src/config/cors-table.ts';
import { readDeploymentToml, type Settings } from '../../src/config/deployment-toml.ts';
import { type Diagnostic, diagnosticCodes } from '../../src/config/diagnostic.ts';
import { listenerKeys, listenerTlsKeys } from '../../src/config/listener-table.ts';
import { throttleKeys } from '../../src/config/no-effect.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { ownRedisKeys, ownRedisPath } from '../../src/config/redis-table.ts';
import { tokenIssuerKeys } from '../../src/config/token-issuers.ts';
import { isRecord, valueAt } from '../../src/config/source-file.ts';
import { requestQuota } from '../../src/policy/measure.ts';
import { levels } from '../../src/policy/levels.ts';
import {
  builtInAdvancedPolicies,
  builtInApplicationTiers,
  builtInSubscriptionTiers,
} from '../../src/policy/tiers.ts';
import { environment, goodFiles, homeOf } from './homes.ts';

const pageUrl = new URL('../../../docs/reference/configuration.md', import.meta.url);
const page = readFileSync(fileURLToPath(pageUrl), 'utf8');
const defaults = /```toml\n([^]*?)```/.exec(page)?.[1] ?? '';

const pem = '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n';

/** The files beside the first, which shows the defaults, that hold a piece. */
function examplesWith(piece: string): readonly string[] {
  const [, ...examples] = [...page.matchAll(/```toml\n([^]*?)```/g)].map(([, text = '']) => text);
  return examples.filter((text) => text.includes(piece));
}

function settingsOf(text: string, namedFile = environment.namedFile!): Settings {
  const found: Diagnostic[] = [];
  const home = [{ path: 'deployment.toml', text }];
  const report = (diagnostic: Diagnostic): unknown => found.push(diagnostic);
  const variables = { ...environment.variables, KEY_PASSPHRASE: 'x' };
  const settings = readDeploymentToml(home, { ...environment, variables, namedFile }, report);
  // What isn't served yet is read nonetheless.
  expect(found.filter(({ code }) => code !== 'not-supported')).toEqual([]);
  return settings!;
}

/** Every single value inside a table, by its keys joined by dots. */
function leavesOf(table: unknown): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, name: string): void => {
    if (!isRecord(value)) leaves.set(name, JSON.stringify(value));
    else for (const [key, inner] of Object.entries(value)) visit(inner, name === '' ? key : `${name}.${key}`);
  };
  visit(table, '');
  return leaves;
}

/** Another value that a key may have, made of its default. */
function otherThan(key: string, value: unknown): unknown {
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, otherThan(name, inner)]));
  if (Array.isArray(value)) return key.endsWith('hosts') ? ['hooks.internal'] : ['10.0.0.0/8'];
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return key === 'enable' ? value : !value;
  const others: Readonly<Record<string, string>> = {
    local: 'deny',
    seconds: 'http-date',
    redis: 'redis',
    primary: 'replica',
    drop: 'pass',
    json: 'accept',
  };
  return others[String(value)] ?? `${String(value)}1`;
}

describe('the page about identity', () => {
  const identityPage = readFileSync(
    fileURLToPath(new URL('../../../docs/reference/identity.md', import.meta.url)),
    'utf8',
  );

  test('shows an issuer with every key, as it is read', () => {
    const example = /```toml\n([^]*?)```/.exec(identityPage)?.[1] ?? '';
    const { issuers } = settingsOf(example, () => ({ text: 'keys' })).tokens;
    expect(issuers).toEqual([
      expect.objectContaining({
        jwks: 'keys',
        certificates: 'keys',
        claimNames: { 'http://idp.example/plan': 'plan' },
      }),
    ]);
    const [table = ''] = example.split('\n\n');
    const shown = table.split('\n').flatMap((line) => /^([\w.]+) =/.exec(line)?.[1] ?? []);
    expect(new Set(shown)).toEqual(new Set(tokenIssuerKeys));
    for (const key of tokenIssuerKeys) expect(identityPage).toContain(`| \`${key}\` |`);
  });
});

describe('the page about configuration', () => {
  test('shows each key with its default: a file of them means the same as an empty one', () => {
    const { store: _, gateway, ...shown } = settingsOf(defaults);
    const { store: __, gateway: ofEmpty, ...empty } = settingsOf('');
    expect(shown).toEqual(empty);
    expect({ ...gateway, id: '' }).toEqual({ ...ofEmpty, id: '' });
  });

  test('shows every key: with others than the shown values, no setting stays as it was', () => {
    const before = leavesOf(settingsOf(defaults));
    const after = leavesOf(settingsOf(stringify(otherThan('', parse(defaults)))));
    // Two of these stand in the example about TLS, two on the page about identity, the last in an example of its own.
    const elsewhere = ['listener.http', 'backends.tls.verify', 'tokens.issuers', 'tokens.revoked', 'cors'];
    const chosen = new Set(['store.kind', 'store.topology', ...elsewhere]);
    const kept = [...before].filter(([name, value]) => !chosen.has(name) && after.get(name) === value);
    expect(kept).toEqual([]);
    expect(before.size).toBeGreaterThan(20);
  });

  test('describes every key that it shows', () => {
    for (const name of leavesOf(parse(defaults)).keys()) {
      const key = name.replace(
        /^(?:apim\.(?:redis|oauth)_config|throttle_properties|clustering|server|sluice(?:\.[a-z_]+)+)\./,
        '',
      );
      expect(page).toContain(`\`${key}\``);
    }
  });

  test('shows homes for every way to a Redis, with every key of ours about it', () => {
    const examples = examplesWith('redis');
    const stores = examples.map((text) => {
      const counter = '[throttle_properties]\n"throttling.distributed.counter.type" = "redis"\n';
      return settingsOf(`${text}\n${counter}`, () => ({ text: pem })).store;
    });
    expect(stores.map((store) => store.kind === 'redis' && store.topology)).toEqual([
      'sentinel',
      'cluster',
      'standalone',
    ]);
    const shown = new Set<string>();
    for (const text of examples) {
      for (const key of leavesOf(valueAt(parse(text), ownRedisPath)).keys()) shown.add(key);
    }
    expect(shown).toEqual(new Set(ownRedisKeys));
    for (const key of ownRedisKeys) expect(page).toContain(`\`${key}\``);
  });

  test('shows CORS with every key and its default: the table alone means the same', () => {
    const [example = '', ...others] = examplesWith('[apim.cors]');
    expect(others).toEqual([]);
    expect(settingsOf(example)).toEqual(settingsOf('[apim.cors]'));
    expect(settingsOf(example)).not.toEqual(settingsOf(''));
    expect(new Set(Object.keys(valueAt(parse(example), ['apim', 'cors']) as object))).toEqual(
      new Set(corsKeys),
    );
    for (const key of corsKeys) expect(page).toContain(`| \`${key}\` |`);
  });

  test('shows TLS with every key about it, and its defaults', () => {
    const [example = '', ...others] = examplesWith('tls]');
    expect(others).toEqual([]);
    const { listener, backends } = settingsOf(example, () => ({ text: pem }));
    expect(listener).toMatchObject({
      http: false,
      https: { port: 8243, minimumVersion: 'TLSv1.2', clientCertificates: { ca: pem, required: false } },
    });
    expect(backends.tls).toMatchObject({ verify: true, ca: pem, certificate: pem, key: pem });
    const keysOf = (path: readonly string[]) => Object.keys(valueAt(parse(example), path) as object);
    expect(new Set(keysOf(['sluice', 'listener', 'tls']))).toEqual(new Set(listenerTlsKeys));
    expect(new Set(keysOf(['sluice', 'backends', 'tls']))).toEqual(new Set(backendTlsKeys));
    const inListener = [example, defaults].flatMap((text) =>
      Object.keys(valueAt(parse(text), ['sluice', 'listener']) as object),
    );
    expect(new Set(inListener)).toEqual(new Set(listenerKeys));
    for (const key of [
      ...listenerKeys.filter((name) => name !== 'tls'),
      ...listenerTlsKeys,
      ...backendTlsKeys,
    ])
      expect(page).toContain(`\`${key}\``);
  });

  test('shows a policy that is read as it stands, with algorithms of its own', () => {
    const [, text = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
    const home = homeOf({ ...goodFiles, 'policies/Subscription-PartnerGold.yaml': text });
    const { config, diagnostics } = readConfig(home, environment);
    expect(diagnostics).toEqual([]);
    expect(config?.applications[0]?.subscriptions[0]?.tier).toEqual({
      name: 'PartnerGold',
      quotas: [requestQuota({ kind: 'sliding-window', quota: 100_000, windowMs: 3_600_000 })],
      burst: { kind: 'token-bucket', quota: 50, windowMs: 1000, burst: 200 },
    });
  });

  test('explains every code of a finding, and no other', () => {
    const table = page.slice(page.indexOf('| code | is | when |'));
    const codes = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, cell = '']) => cell.replaceAll('`', ''));
    expect(codes.join(', ').split(', ')).toEqual([...diagnosticCodes]);
  });

  test('names every level, every built-in policy and every throttling key without effect', () => {
    const policies = [...builtInSubscriptionTiers, ...builtInApplicationTiers, ...builtInAdvancedPolicies];
    const names = [...policies.map(({ name }) => name), ...levels, ...throttleKeys.names];
    expect(names.filter((name) => !page.includes(name))).toEqual([]);
  });
});
