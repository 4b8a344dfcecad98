import { describe, expect, test } from 'vitest';
import { startEchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { Gateways } from '../support/gateways.ts';
import { issuerName, KeyServer, Signer } from '../support/signer.ts';
import { apiProject, TestHome } from '../support/test-home.ts';
import { tokenApplication } from './token-application.ts';

describe('tokens at a gateway of two threads', () => {
  test('whose keys are fetched at most twice a minute, by both threads together', async () => {
    const signer = new Signer();
    const stranger = new Signer();
    const keys = await KeyServer.start(signer);
    const backend = await startEchoBackend(() => performance.now());
    const home = new TestHome({
      'deployment.toml': `[sluice.listener]\nthreads = 2\n[[apim.jwt.issuer]]\nname = "${issuerName}"\njwks.url = "${keys.url}"\n`,
      'apis/Orders.yaml': apiProject({
        name: 'Orders',
        production: backend.port,
        policies: ['Unlimited'],
        securityScheme: '[oauth2]',
      }),
      'applications/Some.yaml': tokenApplication('Some', 'Unlimited'),
    });
    const gateways = await Gateways.start(home.path, 1);
    try {
      const ask = async (token: string): Promise<number> => {
        const headers = { Authorization: `Bearer ${token}`, Connection: 'close' };
        const response = await fetch(`${gateways.urls[0]}/orders/1.0.0/items`, { headers });
        await response.arrayBuffer();
        return response.status;
      };
      for (const wave of [1, 2, 3]) {
        const kids = Array.from({ length: 100 }, (_, index) => `kid-${wave}-${index}`);
        const statuses = await Promise.all(kids.map((kid) => ask(stranger.token({}, { kid }))));
        expect(new Set(statuses)).toEqual(new Set([401]));
      }
      const good = Array.from({ length: 100 }, () => ask(signer.token({ azp: 'Some-prod' })));
      expect(new Set(await Promise.all(good))).toEqual(new Set([200]));
      expect(keys.fetches).toBeGreaterThan(0);
      expect(keys.fetches).toBeLessThanOrEqual(2);
    } finally {
      await gateways.stop();
      await Promise.all([backend.close(), keys.close()]);
      home.remove();
    }
  });
});
