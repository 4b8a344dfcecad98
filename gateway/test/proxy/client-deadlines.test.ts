import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { RunningGateway, type GatewaySetup, type RawClient } from './running-gateway.ts';

let gateway: RunningGateway;

async function start(setup: GatewaySetup): Promise<void> {
  gateway = await RunningGateway.start(setup);
}

afterEach(() => gateway.close());

describe('a slow client', () => {
  const slow = (client: RawClient): Promise<void> => until(() => client.ended);

  test('has a deadline for the head of its request', async () => {
    await start({ bounds: { headMsMax: 100 } });
    const client = gateway.connect().send('GET /orders/1.0.0/x HTTP/1.1', 'Host: a');
    await slow(client);
    expect(client.received).toMatch(/^HTTP\/1.1 408 [^]*Connection: close\r\n[^]*"code":"908007"/);
    const silent = gateway.connect();
    await slow(silent);
  });

  test('has a deadline for its body to go on, before an answer and after', async () => {
    await start({ bounds: { bodyIdleMsMax: 100 }, backend: (request) => request.resume() });
    const client = gateway.connect().request('POST /orders/1.0.0/x', 'Content-Length: 10').send('half');
    await slow(client);
    expect(client.received).toMatch(/^HTTP\/1.1 408 [^]*Connection: close\r\n[^]*"code":"908007"/);
    const refused = gateway.connect().request('POST /nowhere', 'Content-Length: 10').send('half');
    await slow(refused);
    expect(refused.received).toMatch(/^HTTP\/1.1 404 /);
    await until(() => gateway.records.length === 2);
    expect(gateway.records.map(({ status }) => status)).toEqual([408, 404]);
  });

  test('may be slow as long as its body moves', async () => {
    await start({ bounds: { bodyIdleMsMax: 150 } });
    const client = gateway.connect().request('POST /orders/1.0.0/x', 'Content-Length: 8');
    const drip = setInterval(() => client.send('x'), 60);
    await until(() => client.received.includes('"body":"xxxxxxxx"'));
    clearInterval(drip);
  });

  test("isn't to blame for a backend that takes its time", async () => {
    await start({
      bounds: { bodyIdleMsMax: 60 },
      backend: (request, response) => {
        setTimeout(() => {
          request.resume().on('end', () => response.end('late'));
        }, 300);
      },
    });
    const client = gateway.connect().request('POST /orders/1.0.0/x', 'Content-Length: 4000000');
    client.send('x'.repeat(4_000_000));
    await until(() => client.received.includes('late'));
  });

  test('that takes nothing of its answer is cut off', async () => {
    await start({
      bounds: { drainMsMax: 200 },
      backend: (_, response) => {
        response.end(Buffer.alloc(64 * 1024 * 1024));
      },
    });
    const client = gateway.connect().request('GET /orders/1.0.0/x');
    client.socket.pause();
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ status: 200, aborted: true });
  });

  test('that takes none of many small answers is cut off too', async () => {
    await start({
      bounds: { drainMsMax: 200 },
      backend: (_, response) => {
        response.end(Buffer.alloc(10_000));
      },
    });
    const client = gateway.connect();
    client.socket.pause();
    for (let sent = 0; sent < 3000; sent += 1) client.request('GET /orders/1.0.0/x');
    await until(() => gateway.records.some(({ aborted }) => aborted), 20_000);
  });

  test("isn't to blame for an answer that waits for its turn", async () => {
    await start({
      bounds: { drainMsMax: 60 },
      backend: (_, response) => {
        setTimeout(() => response.end('late'), 300);
      },
    });
    const client = gateway
      .connect()
      .request('GET /orders/1.0.0/x')
      .request('GET /nowhere', 'Connection: close');
    await until(() => client.ended);
    expect(client.received).toMatch(/late[^]*404 Not Found/);
  });

  test('may keep a connection idle for so long', async () => {
    await start({ bounds: { idleMsMax: 100 } });
    const client = gateway.connect().request('GET /orders/1.0.0/x');
    await until(() => client.received.includes('200 OK'));
    await slow(client);
  });
});
