import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { close, agrees, echoes, gateway, mebibyte, open, opened, start } from './websocket-sample.ts';
import { until } from '../support/until.ts';
import { type RawClient } from './running-gateway.ts';

afterEach(close);

describe('a tunnel', () => {
  test('flows at the pace of the slower side, both ways', async () => {
    const block = Buffer.alloc(mebibyte, 'sluice');
    const begun = await start(({ socket, received }) => {
      if (!received.endsWith('\r\n\r\n')) return;
      socket.removeAllListeners('data').pause().write(agrees);
    });
    const client = await opened();
    client.socket.removeAllListeners('data').pause();
    const server = begun.connections[0]!.socket;
    const pumps = [pump(client.socket, block), pump(server, block)];
    await until(() => pumps.every(({ still }) => still() > 40), 20_000);
    for (const { sent } of pumps) expect(sent()).toBeLessThan(40 * mebibyte);
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(128 * mebibyte);
    let [up, down] = [0, 0];
    server.on('data', (bytes) => (up += bytes.length));
    client.socket.on('data', (bytes) => (down += bytes.length));
    server.resume();
    client.socket.resume();
    await until(() => up > 64 * mebibyte && down > 64 * mebibyte, 30_000);
    client.socket.destroy();
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]?.bytesIn).toBeGreaterThanOrEqual(up);
    expect(gateway.records[0]?.bytesOut).toBeGreaterThanOrEqual(down);
  }, 60_000);

  test('whose client says its end still brings it what the backend has to say', async () => {
    const begun = await start(({ socket, received }) => {
      if (received.endsWith('\r\n\r\n')) socket.write(agrees);
    });
    const client = await opened();
    const server = begun.connections[0]!.socket;
    let ended = false;
    server.on('end', () => (ended = true));
    server.allowHalfOpen = true;
    client.socket.end('last');
    await until(() => ended);
    expect(begun.connections[0]?.received.endsWith('last')).toBe(true);
    server.end('answer');
    await until(() => client.ended);
    expect(client.received).toBe('answer');
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ status: 101, aborted: false, bytesIn: 4, bytesOut: 6 });
  });

  test('whose backend says its end brings it what the client still says, and no more when that stands still', async () => {
    const begun = await start(
      ({ socket, received }) => {
        if (received.endsWith('\r\n\r\n')) socket.write(agrees);
      },
      { bounds: { sweepEveryMs: 100 } },
    );
    const client = gateway.connect();
    client.socket.allowHalfOpen = true;
    open(client);
    await until(() => client.received.includes('\r\n\r\n'));
    const [arrival] = begun.connections;
    let ended = false;
    client.socket.on('end', () => (ended = true));
    arrival!.socket.end('last');
    await until(() => ended);
    expect(client.received.endsWith('last')).toBe(true);
    client.send('answer');
    await until(() => arrival?.received.endsWith('answer') === true);
    await until(() => gateway.records.length === 1 && arrival?.ended === true);
  });

  test.each(['client', 'backend'] as const)('ends when the %s breaks off', async (side) => {
    const begun = await start(echoes);
    const client = await opened();
    const [arrival] = begun.connections;
    const socket: Socket = side === 'client' ? client.socket : arrival!.socket;
    socket.resetAndDestroy();
    await until(() => client.ended && arrival?.ended === true && gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ status: 101, aborted: false });
  });

  test('may stand still for so long, in both directions together', async () => {
    const begun = await start(echoes, { bounds: { tunnelIdleMsMax: 500, idleMsMax: 50, headMsMax: 50 } });
    const client = await opened();
    for (let times = 0; times < 6; times += 1) {
      const wanted = 'ping'.repeat(times + 1);
      await new Promise((later) => setTimeout(later, 100));
      client.send('ping');
      await until(() => client.received === wanted);
    }
    expect(client.ended).toBe(false);
    await until(() => client.ended && begun.connections[0]?.ended === true);
  });

  test('ends at the deadline of a drain, and is recorded', async () => {
    const begun = await start(echoes);
    const client = await opened();
    const draining = gateway.drain(300);
    client.send('still');
    await until(() => client.received === 'still');
    await draining;
    await until(() => client.ended && begun.connections[0]?.ended === true && gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ status: 101, bytesIn: 5, bytesOut: 5 });
  });

  test('counts among the connections to its backend, until it ends', async () => {
    const begun = await start(echoes, { backendBounds: { connectionsMax: 50 } });
    for (let round = 0; round < 20; round += 1) {
      const clients = Array.from({ length: 60 }, () => open());
      const isOpen = ({ received }: RawClient): boolean => received.startsWith('HTTP/1.1 101 ');
      await until(() => clients.filter(isOpen).length === 50);
      const alive = begun.connections.filter(({ ended }) => !ended).length;
      expect(alive).toBe(50);
      for (const client of clients.filter(isOpen)) client.socket.end();
      await until(() => clients.every((client) => isOpen(client)));
      for (const client of clients) client.socket.end();
      await until(() => begun.connections.every(({ ended }) => ended));
    }
    await until(() => gateway.records.length === 1200);
    expect(gateway.records.every(({ status, aborted }) => status === 101 && !aborted)).toBe(true);
  });
});

/** Writes as much as goes; tells how much that was, and for how many looks it has stood still. */
function pump(socket: Socket, block: Buffer) {
  let [sent, seen, stillFor] = [0, 0, 0];
  const write = (): void => {
    do sent += block.length;
    while (socket.write(block));
  };
  socket.on('drain', write);
  write();
  const still = (): number => {
    stillFor = sent === seen ? stillFor + 1 : 0;
    seen = sent;
    return stillFor;
  };
  return { sent: () => sent, still };
}
