import { expect, test } from 'vitest';
import { GatewayProcess } from './gateway-process.ts';
import { offer, SlowClients } from './slow-clients.ts';

test('beside 200 slow connections every good request is answered', async () => {
  const gateway = await GatewayProcess.start(10_000);
  try {
    const slow = new SlowClients(gateway.port, 200);
    const { sent, statuses } = await offer(gateway.port, 300, 2000);
    expect(sent).toBe(600);
    expect(statuses).toEqual({ 200: sent });
    expect(slow.opened).toBeGreaterThanOrEqual(200);
    const { seen } = await gateway.report();
    expect(seen.filter((one) => one.startsWith('GET /v1/large')).length).toBeGreaterThan(0);
    slow.release();
    await gateway.close();
  } finally {
    gateway.kill();
  }
});
