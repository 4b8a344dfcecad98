import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CounterKey } from '../../src/limits/counter-key.ts';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { redisKey } from '../../src/stores/redis/codec.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { Gateways, redisDeployment } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { issuerName, KeyServer, Signer } from '../support/signer.ts';
import { apiProject, policyFile, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { tokenApplication } from './token-application.ts';

const perHour = (units: number): string =>
  `{type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: hour, unitTime: 1, requestCount: ${units}}}`;
const claimIs = (name: string, pattern: string): string =>
  `{type: JWTCLAIMSCONDITION, jwtClaimsCondition: {claimUrl: 'http://wso2.org/claims/${name}', attribute: '${pattern}'}}`;

/** Who a token stands for decides what it is charged to, whichever of two gateways sees it (wso2.md 1.2). */
describe.skipIf(redisMissing)('tokens at two gateways on one Redis', () => {
  const signer = new Signer();
  let redis: RedisServer;
  let store: ReturnType<typeof connectRedis>;
  let keys: KeyServer;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    redis = await RedisServer.start();
    store = connectRedis(redis.address);
    keys = await KeyServer.start(signer);
    backend = await startEchoBackend(() => performance.now());
    const orders = {
      name: 'Orders',
      production: backend.port,
      sandbox: backend.port,
      policies: ['Unlimited', 'TwoPerHour'],
      securityScheme: '[oauth2, api_key, oauth_basic_auth_api_key_mandatory]',
      operations: '[{target: /items, verb: GET}, {target: /items, verb: POST, scopes: [orders_write]}]',
    };
    const claims = { ...orders, name: 'Claims', apiThrottlingPolicy: 'ByClaim' };
    const issuer = `[[apim.jwt.issuer]]\nname = "${issuerName}"\njwks.url = "${keys.url}"\ncertificate = "keys/wso2.pem"\nclaim_mapping = [{remote_claim = "plan", local_claim = "http://wso2.org/claims/plan"}]\n`;
    home = new TestHome({
      'repository/conf/deployment.toml': `${redisDeployment(redis)}\n${issuer}`,
      'keys/wso2.pem': signer.pem,
      'apis/Orders.yaml': apiProject(orders),
      'apis/Claims.yaml': apiProject(claims),
      'policies/ByClaim.yaml': policyFile('advanced', 'ByClaim', perHour(1000), [
        'conditionalGroups:',
        `  - {limit: ${perHour(1)}, conditions: [${claimIs('plan', '^trial$')}, ${claimIs('applicationname', '^Any$')}]}`,
        `  - {limit: ${perHour(2)}, conditions: [${claimIs('applicationtier', 'TwoEach')}]}`,
      ]),
      'applications/Any.yaml': tokenApplication('Any', 'Unlimited', { api: 'Claims' }),
      'applications/Tier.yaml': tokenApplication('Tier', 'Unlimited', { api: 'Claims', tier: 'TwoEach' }),
      'policies/TwoPerHour.yaml': subscriptionPolicy('TwoPerHour', { perHour: 2 }),
      'policies/TwoEach.yaml': policyFile('application', 'TwoEach', perHour(2)),
      'applications/Each.yaml': tokenApplication('Each', 'Unlimited', { tier: 'TwoEach' }),
      'applications/Shared.yaml': tokenApplication('Shared', 'TwoPerHour'),
      'applications/Held.yaml': tokenApplication('Held', 'Unlimited', { status: 'ON_HOLD' }),
      'applications/Half.yaml': tokenApplication('Half', 'Unlimited', { status: 'PROD_ONLY_BLOCKED' }),
      'applications/Off.yaml': tokenApplication('Off', 'Unlimited', { status: 'BLOCKED' }),
    });
    gateways = await Gateways.start(home.path, 2);
    await hourWithRoom();
  });
  afterAll(async () => {
    await gateways?.stop();
    store?.disconnect();
    await Promise.all([backend?.close(), keys?.close(), redis?.stop()]);
    home?.remove();
  });

  let turn = 0;
  const ask = (token: string, init: Pick<RequestInit, 'method'> = {}, api = 'orders') => {
    turn += 1;
    const headers = { Authorization: `Bearer ${token}` };
    return fetch(`${gateways.urls[turn % 2]}/${api}/1.0.0/items`, { ...init, headers });
  };
  /** The code of a refusal, or the status of anything else. */
  const told = async (response: Response): Promise<string> => {
    const body = (await response.json()) as { readonly code?: string };
    return body.code ?? String(response.status);
  };
  const codes = async (...tokens: readonly string[]): Promise<string[]> => {
    const all: string[] = [];
    for (const token of tokens) all.push(await told(await ask(token)));
    return all;
  };
  const used = async (key: string): Promise<number> =>
    Number((await store.hget(redisKey(key as CounterKey), 'used')) ?? 0);

  test('an application quota is for each user of the application, whatever token the user shows', async () => {
    const of = (sub: string, more: object = {}): string => signer.token({ azp: 'Each-prod', sub, ...more });
    expect(await codes(of('carol'), of('carol'), of('carol'), of('carol'))).toEqual([
      '200',
      '200',
      '900803',
      '900803',
    ]);
    expect(await codes(of('dave'), of('dave'), of('dave'))).toEqual(['200', '200', '900803']);
    // Tokens of the application itself count for its owner, all together.
    const own = (): string => of('Each-prod', { aut: 'APPLICATION' });
    expect(await codes(own(), own(), own(), of('tester'))).toEqual(['200', '200', '900803', '900803']);
    // The same user with a key of the other type is the same user.
    expect(await codes(of('carol', { azp: 'Each-sandbox' }))).toEqual(['900803']);
    await until(async () => (await used('application@3600000:tester/Each:carol')) === 2);
  });

  test('a subscription quota is for all users of the application together', async () => {
    const tokens = ['carol', 'dave', 'erin'].map((sub) => signer.token({ azp: 'Shared-prod', sub }));
    expect(await codes(...tokens)).toEqual(['200', '200', '900804']);
    await until(
      async () => (await used('subscription@3600000:tester/Shared:/orders:1.0.0:TwoPerHour')) === 2,
    );
  });

  test('self-contained tokens and API keys of one application share its counters, and need no file', async () => {
    const claims = {
      azp: 'unknown',
      application: { uuid: 'a-1', name: 'Shop', owner: 'dave', tier: 'Unlimited' },
      subscribedAPIs: [
        { name: 'Orders', version: '1.0.0', context: '/orders/1.0.0', subscriptionTier: 'Burst' },
      ],
      tierInfo: { Burst: { spikeArrestLimit: 2, spikeArrestUnit: 'min', stopOnQuotaReach: true } },
    };
    expect(await codes(signer.token(claims))).toEqual(['200']);
    const key = signer.apiKey({ ...claims, azp: undefined, exp: undefined });
    const ofKey = (): Promise<Response> => {
      turn += 1;
      return fetch(`${gateways.urls[turn % 2]}/orders/1.0.0/items`, { headers: { apikey: key } });
    };
    expect(await told(await ofKey())).toBe('200');
    expect(await told(await ofKey())).toBe('900807');
    expect(await codes(signer.token(claims))).toEqual(['900807']);
  });

  test('states of subscriptions hold for tokens', async () => {
    const of = (azp: string): string => signer.token({ azp });
    expect(await codes(of('Held-prod'), of('Held-sandbox'))).toEqual(['900909', '900909']);
    expect(await codes(of('Half-prod'), of('Half-sandbox'))).toEqual(['900907', '200']);
    expect(await codes(of('Off-prod'), of('Off-sandbox'), of('nobody'))).toEqual([
      '900907',
      '900907',
      '900908',
    ]);
  });

  test('an operation asks for one of its scopes', async () => {
    const post = (scope: string) => ask(signer.token({ azp: 'Half-sandbox', scope }), { method: 'POST' });
    expect(await told(await post('orders_read orders_write'))).toBe('200');
    expect(await told(await post('orders_read'))).toBe('900910');
  });

  test('conditions see claims that were verified, and no header of the client', async () => {
    const asked = async (claims: object): Promise<string> =>
      told(await ask(signer.token({ ...claims }), {}, 'claims'));
    const trial = { azp: 'Any-prod', plan: 'trial' };
    expect([await asked(trial), await asked(trial)]).toEqual(['200', '900800']);
    // Other claims are in other groups, each of which counts for itself.
    expect(await asked({ azp: 'Any-prod', plan: 'trial2' })).toBe('200');
    expect(await asked({ azp: 'Any-prod', 'http://wso2.org/claims/plan': 'x' })).toBe('200');
    // What the gateway knows itself no token overrules.
    const tier = { azp: 'Tier-prod', 'http://wso2.org/claims/applicationtier': 'Unlimited' };
    expect([
      await asked(tier),
      await asked({ ...tier, sub: 'dave' }),
      await asked({ ...tier, sub: 'erin' }),
    ]).toEqual(['200', '200', '900800']);
  });

  test('a token that is taken back is refused once the list is read, and counted nowhere', async () => {
    const token = signer.token({ azp: 'Half-sandbox', sub: 'mallory' });
    expect(await codes(token, token)).toEqual(['200', '200']);
    home.write('revoked-tokens/june.txt', `${createHash('sha256').update(token).digest('hex')}\n`);
    for (const child of gateways.children) child.kill('SIGHUP');
    await until(async () => (await codes(token, token)).every((code) => code === '900901'));
    const before = backend.arrivalsMs.length;
    expect(await codes(token, token, signer.token({ azp: 'Half-sandbox', sub: 'mallory' }))).toEqual([
      '900901',
      '900901',
      '200',
    ]);
    expect(backend.arrivalsMs.length).toBe(before + 1);
  });

  test('each gateway has fetched the keys once', () => {
    expect(keys.fetches).toBe(2);
  });
});
