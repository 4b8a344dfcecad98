import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createRawServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { CallbackClient } from '../../src/websub/callback-client.ts';
import { CallbackRules } from '../../src/websub/callback-rules.ts';
import { FakeClock } from '../support/fake-clock.ts';

const local = new CallbackRules({ callbackHosts: [], callbackNetworks: ['127.0.0.1'] });
const nothing = new CallbackRules({ callbackHosts: [], callbackNetworks: [] });

describe('requests to callbacks', () => {
  const servers: Server[] = [];
  const clock = new FakeClock();
  const listen = async (
    answer: RequestListener,
  ): Promise<{ readonly port: number; connections(): number }> => {
    const server = createServer(answer);
    let connections = 0;
    server.on('connection', () => (connections += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    const address = server.address();
    return { port: typeof address === 'object' ? address!.port : 0, connections: () => connections };
  };
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });
  const get = (client: CallbackClient, url: string) =>
    client.send({ method: 'GET', url, application: 'a', fields: {} });

  test('don’t follow where an answer leads', async () => {
    const target = await listen((_, response) => response.end());
    const callback = await listen((_, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${target.port}/` }).end(),
    );
    const client = new CallbackClient(local, clock);
    expect((await get(client, `http://127.0.0.1:${callback.port}/`)).status).toBe(302);
    expect(target.connections()).toBe(0);
  });

  test('take 4 KiB of an answer, and no more', async () => {
    const callback = await listen((_, response) => {
      response.write('x'.repeat(4095));
      const more = (): void => {
        while (!response.destroyed && response.write('y'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    });
    const { text } = await get(new CallbackClient(local, clock), `http://127.0.0.1:${callback.port}/`);
    expect(text).toBe(`${'x'.repeat(4095)}y`);
  });

  test('end after ten seconds', async () => {
    const callback = await listen(() => {});
    const client = new CallbackClient(local, clock);
    const answer = get(client, `http://127.0.0.1:${callback.port}/`);
    const failed = answer.catch((error: Error) => error.name);
    await clock.advance(10_000);
    expect(await failed).toBe('AbortError');
  });

  test('have the status of an answer whose body stands still', async () => {
    const callback = await listen((_, response) => response.writeHead(200).write('begun'));
    const begun = new Promise((resolve) => subscribe('http.client.response.finish', resolve));
    const answer = get(new CallbackClient(local, clock), `http://127.0.0.1:${callback.port}/`);
    await begun;
    await clock.advance(10_000);
    expect((await answer).status).toBe(200);
  });

  test('have the status of an answer that changes the protocol', async () => {
    const sockets: Socket[] = [];
    const server = createRawServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address!.port : 0;
    try {
      expect(await get(new CallbackClient(local, clock), `http://127.0.0.1:${port}/`)).toEqual({
        status: 101,
        text: '',
      });
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });

  test.each([
    'http://127.0.0.1:PORT/',
    'http://localhost:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://0x7f000001:PORT/',
  ])('reach %s only as long as it is allowed', async (url) => {
    const callback = await listen((_, response) => response.end('here'));
    const client = new CallbackClient(nothing, clock);
    const to = url.replace('PORT', String(callback.port));
    await expect(get(client, to)).rejects.toThrow(/allowed/);
    expect(callback.connections()).toBe(0);
    client.rules = local;
    expect((await get(client, to)).text).toBe('here');
    client.rules = nothing;
    await expect(get(client, to)).rejects.toThrow(/allowed/);
    expect(callback.connections()).toBe(1);
  });
});
