import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { issuerName } from '../support/signer.ts';
import {
  application,
  bearer,
  charged,
  close,
  counters,
  forgetCharges,
  get,
  items,
  makeSigners,
  ok,
  other,
  otherName,
  own,
  selfContained,
  signer,
  start,
  subscribedTo,
  uuid,
} from './application-gateway.ts';
import { gold } from './sample.ts';

beforeAll(makeSigners);
afterEach(close);

describe('a self-contained token', () => {
  test('needs no application file: application, tiers, subscription and key type are in it', async () => {
    await start();
    expect(await get(items, bearer(signer.token(selfContained())))).toContain('/v1/production/items');
    expect(counters()).toContain(`subscription@60000:${own}:/orders:1.0.0:Gold`);
    expect(counters()).toContain(`application@60000:${own}:carol`);
    const sandbox = signer.token(selfContained({ keytype: 'SANDBOX' }));
    expect(await get(items, bearer(sandbox))).toContain('/v1/sandbox/items');
  });

  test('tells the burst of a tier that no file defines', async () => {
    await start();
    expect(
      await get(items, bearer(signer.token(selfContained({ subscribedAPIs: subscribedTo('Partner') })))),
    ).toMatch(ok);
    expect(counters()[0]).toBe(`burst@60000:${own}:/orders:1.0.0:Partner`);
    expect(charged.at(-1)?.[0]?.limit).toMatchObject({ quota: 5, windowMs: 60_000, starts: 'first-request' });
  });

  test.each([
    ['without a subscription to the API', { subscribedAPIs: [] }],
    [
      'with one to another version',
      { subscribedAPIs: [{ name: 'Orders', version: '2.0.0', subscriptionTier: 'Gold' }] },
    ],
    ['under a tier that nobody defines', { subscribedAPIs: subscribedTo('Platinum') }],
    ['of an application tier that nobody defines', { application: { ...application, tier: '1000PerMin' } }],
    ['with a key type that is none', { keytype: 'TEST' }],
    ['with an application that is none', { application: 'Shop' }],
    ['with an application without id', { application: { name: 'Shop' } }],
    ['without an application', { application: undefined }],
    ['with subscriptions that are none', { subscribedAPIs: 'all' }],
  ])('%s opens nothing', async (_, more) => {
    await start();
    const answer = await get(items, bearer(signer.token(selfContained(more))));
    expect(answer).toMatch(/^HTTP\/1.1 403 [^]*"code":"900908"/);
    expect(charged).toEqual([]);
  });

  test('gives way to the file of its consumer key, tier and subscription included', async () => {
    await start();
    await get(
      items,
      bearer(signer.token(selfContained({ azp: 'mobile-prod', subscribedAPIs: subscribedTo('Unlimited') }))),
    );
    expect(counters()).toContain('subscription@60000:alice/MobileApp:/orders:1.0.0:Gold');
  });

  test('is not believed about applications where the issuer may only prove users', async () => {
    await start({ issuer: { applicationClaims: false } });
    expect(await get(items, bearer(signer.token(selfContained())))).toMatch(
      /^HTTP\/1.1 403 [^]*"code":"900908"/,
    );
  });

  test('of the control plane is the application of the file with its id, or its owner and name', async () => {
    await start({ issuer: { controlPlane: true }, applicationId: uuid });
    expect(await get(items, bearer(signer.token(selfContained())))).toMatch(ok);
    expect(counters()).toContain(`application@60000:${uuid}:carol`);
    const named = { ...application, uuid: 'x', owner: 'alice', name: 'MobileApp' };
    expect(await get(items, bearer(signer.token(selfContained({ application: named }))))).toMatch(ok);
    expect(counters()).toContain(`application@60000:${uuid}:carol`);
  });

  test('may call an API that needs no subscription, whoever its application is', async () => {
    await start({ api: { subscriptionless: gold } });
    expect(await get(items, bearer(signer.token({ azp: 'nobody' })))).toMatch(ok);
    expect(counters()).toContain(
      `subscription@60000:<${issuerName.replace(':', '%3A')}>key/nobody:/orders:1.0.0:Gold`,
    );
  });
});

describe('whoever owns one issuer', () => {
  test('reaches no counter of the files or of another issuer, whatever it calls its applications', async () => {
    await start({ applicationId: uuid });
    expect(await get(items, bearer(signer.token(selfContained())))).toMatch(ok);
    await get(items, 'ApiKey: opaque');
    await get(items, bearer(signer.token()));
    const foreign = new Set(charged.flatMap((charges) => charges.map(({ key }) => key)));
    const shared = new Set(['operation', 'backend', 'api']);
    forgetCharges();
    const names = [
      uuid,
      `<${issuerName}>app/${uuid}`,
      `app/${uuid}`,
      `>app/${uuid}`,
      `../${issuerName}>app/${uuid}`,
    ];
    for (const name of names) {
      for (const more of [{ uuid: name }, { uuid: undefined, id: name }]) {
        const claims = selfContained({
          iss: otherName,
          azp: 'mobile-prod',
          application: { ...application, ...more },
        });
        expect(await get(items, bearer(other.token(claims)))).toMatch(ok);
      }
    }
    expect(charged).toHaveLength(names.length * 2);
    const reached = charged.flat().filter(({ level }) => !shared.has(level));
    expect(reached.length).toBeGreaterThan(names.length);
    expect(reached.filter(({ key }) => foreign.has(key))).toEqual([]);
  });

  test('stands for no application of the files by its consumer key', async () => {
    await start();
    const answer = await get(items, bearer(other.token({ iss: otherName, azp: 'mobile-prod' })));
    expect(answer).toMatch(/^HTTP\/1.1 403 [^]*"code":"900908"/);
  });

  test('opens no API that takes tokens of other key managers only', async () => {
    const tokens = { header: 'authorization', audiences: [], keyManagers: ['Resident Key Manager'] };
    await start({ api: { tokens, subscriptionless: gold } });
    expect(await get(items, bearer(signer.token()))).toMatch(ok);
    expect(await get(items, bearer(other.token({ iss: otherName })))).toMatch(/^HTTP\/1.1 401 /);
  });
});
