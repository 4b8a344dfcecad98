import { request as httpRequest, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { RunningGateway, type GatewaySetup } from './running-gateway.ts';

let gateway: RunningGateway;

async function start(backend?: RequestListener, setup: GatewaySetup = {}): Promise<void> {
  gateway = await RunningGateway.start({ ...(backend && { backend }), ...setup });
}

afterEach(() => gateway.close());

describe('a connection', () => {
  const get = (path: string): Promise<{ body: string; fields: IncomingHttpHeaders }> =>
    new Promise((resolve, reject) => {
      httpRequest(`${gateway.url}${path}`, (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        answer.on('end', () => {
          resolve({ body, fields: answer.headers });
        });
      })
        .on('error', reject)
        .end();
    });

  test('serves many requests one after the other, refused ones with bodies among them', async () => {
    await start();
    const client = gateway.connect();
    for (let round = 0; round < 3; round += 1) {
      client.received = '';
      client.request('GET /orders/1.0.0/x');
      await until(() => client.received.includes('"body":""'));
      client.received = '';
      client.request('POST /nowhere', 'Content-Length: 70000').send('x'.repeat(70_000));
      await until(() => client.received.includes('"code":"404"'));
    }
    expect(client.ended).toBe(false);
  });

  test('to the backend is used again', async () => {
    const sockets = new Set<unknown>();
    await start((request, response) => {
      sockets.add(request.socket);
      response.end('ok');
    });
    for (let round = 0; round < 5; round += 1) expect((await get('/orders/1.0.0/x')).body).toBe('ok');
    expect(sockets.size).toBe(1);
  });

  test('answers pipelined requests in their order, however late the first one is', async () => {
    await start((request, response) => {
      if (request.url === '/v1/first') setTimeout(() => response.end('first'), 50);
      else response.end(request.url);
    });
    const client = gateway.connect();
    client
      .request('GET /orders/1.0.0/first')
      .request('GET /nowhere')
      .request('GET /orders/1.0.0/third', 'Connection: close');
    await until(() => client.ended);
    expect(client.received).toMatch(/200 OK[^]*first[^]*404 Not Found[^]*200 OK[^]*\/v1\/third/);
  });

  test('is not kept by a body that nobody wants', async () => {
    await start(undefined, { bounds: { discardBytesMax: 1000 } });
    const client = gateway.connect().request('POST /nowhere', 'Content-Length: 1000000');
    await until(() => client.received.includes('"code":"404"'));
    client.send('x'.repeat(500));
    expect(client.ended).toBe(false);
    client.send('x'.repeat(5000));
    await until(() => client.ended);
  });
});
