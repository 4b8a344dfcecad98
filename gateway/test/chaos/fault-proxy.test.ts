import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accepts } from '../support/ports.ts';
import { seededRandom } from '../support/random.ts';
import { until } from '../support/until.ts';
import { FaultProxy } from './fault-proxy.ts';

describe('the fault proxy', () => {
  const echoed: Socket[] = [];
  const echo = createServer((socket) => {
    echoed.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  const clients: Client[] = [];
  let proxy: FaultProxy;

  beforeEach(async () => {
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const address = echo.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    proxy = await FaultProxy.start(address.port, seededRandom(1));
  });
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    echoed.length = 0;
    await proxy.close();
    echo.close();
  });

  interface Client {
    readonly socket: Socket;
    readonly heard: () => string;
  }
  const open = async (): Promise<Client> => {
    const socket = connect(proxy.port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
    socket.on('error', () => {});
    await once(socket, 'connect');
    const client = { socket, heard: () => heard };
    clients.push(client);
    return client;
  };

  test('passes bytes on, late but in order', async () => {
    const { socket, heard } = await open();
    socket.write('a');
    await until(() => heard() === 'a');
    proxy.disturb({ kind: 'delay', delayMs: 30 });
    socket.write('b');
    proxy.disturb({ kind: 'none' });
    socket.write('c');
    await until(() => heard() === 'abc');
  });

  test('a connection that lost bytes stays dead, a new one works', async () => {
    const dead = await open();
    proxy.disturb({ kind: 'swallow' });
    dead.socket.write('lost');
    await until(() => proxy.disturbed > 0);
    proxy.disturb({ kind: 'none' });
    const fresh = await open();
    dead.socket.write('lost too');
    fresh.socket.write('a');
    await until(() => fresh.heard() === 'a' && proxy.disturbed > 1);
    expect(dead.heard()).toBe('');
  });

  test('holds bytes and ends, and lets them go on in order', async () => {
    const { socket, heard } = await open();
    const gone = await open();
    gone.socket.write('a');
    await until(() => gone.heard() === 'a');
    proxy.disturb({ kind: 'hold' });
    socket.write('b');
    gone.socket.destroy();
    await until(() => echoed.at(-1)?.readyState === 'open');
    expect([heard(), echoed.map(({ destroyed }) => destroyed)]).toEqual(['', [false, false]]);
    proxy.disturb({ kind: 'none' });
    socket.write('c');
    await until(() => heard() === 'bc' && echoed[1]!.destroyed);
  });

  test('swallows one way only', async () => {
    const { socket, heard } = await open();
    proxy.disturb({ kind: 'swallow', only: 'to-client' });
    socket.write('lost');
    await until(() => proxy.disturbed > 0);
    expect([heard(), echoed[0]!.bytesRead]).toEqual(['', 4]);
  });

  test('resets connections from both sides', async () => {
    proxy.disturb({ kind: 'reset', probability: 1, bothWays: true });
    const { socket } = await open();
    socket.write('question');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  test('spoils replies', async () => {
    proxy.disturb({ kind: 'garbage', of: [Buffer.from('nonsense')], probability: 1 });
    const { socket, heard } = await open();
    socket.write('question');
    await until(() => heard() !== '');
    expect(heard()).toBe('nonsense');
  });

  test('cuts a reply in the middle and breaks the connection', async () => {
    proxy.disturb({ kind: 'cut', probability: 1 });
    const { socket, heard } = await open();
    socket.write('question');
    await once(socket, 'close');
    expect(heard()).toBe('ques');
  });

  test('refuses connections, and accepts again on the same port', async () => {
    const { socket } = await open();
    const closed = once(socket, 'close');
    await proxy.refuse();
    await closed;
    expect(await accepts(proxy.port)).toBe(false);
    await proxy.accept();
    const again = await open();
    again.socket.write('a');
    await until(() => again.heard() === 'a');
  });
});
