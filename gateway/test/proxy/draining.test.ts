import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { RunningGateway } from './running-gateway.ts';

/** A gateway whose backend answers when the test wants. */
async function start() {
  const answers: ServerResponse[] = [];
  const gateway = await RunningGateway.start({ backend: (_, response) => answers.push(response) });
  return { gateway, answers };
}

test('draining answers running requests, closes their connections and accepts no others', async () => {
  const { gateway, answers } = await start();
  const idle = gateway.connect().request('GET /nowhere');
  await until(() => idle.received.includes('404'));
  const silent = gateway.connect();
  const running = gateway.connect().request('GET /orders/1.0.0/x');
  const streaming = gateway.connect().request('GET /orders/1.0.0/y');
  await until(() => answers.length === 2);
  const [first, second] = answers;
  second?.write('begun, ');
  await until(() => streaming.received.includes('begun, '));

  let drained = false;
  const draining = gateway.drain(60_000).then(() => {
    drained = true;
  });
  await until(() => idle.ended && silent.ended);
  await refused(gateway.port);
  expect([running.ended, streaming.ended, drained]).toEqual([false, false, false]);

  first?.end('answer');
  await until(() => running.ended);
  expect(running.received).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*Connection: close\r\n[^]*answer/);
  second?.end('ended');
  await draining;
  expect(streaming.received).toMatch(/begun, [^]*ended\r\n0\r\n\r\n$/);
  expect(gateway.records.map(({ aborted }) => aborted)).toEqual([false, false, false]);
  await gateway.close();
});

test('draining cuts what still runs after the deadline, and records it', async () => {
  const { gateway, answers } = await start();
  const running = gateway.connect().request('GET /orders/1.0.0/x');
  await until(() => answers.length === 1);
  await gateway.drain(100);
  await until(() => running.ended);
  expect(running.received).toBe('');
  await until(() => gateway.records.length === 1);
  expect(gateway.records[0]).toMatchObject({ aborted: true });
  await gateway.close();
});

async function refused(port: number): Promise<void> {
  const code = await new Promise((resolve) => {
    connect(port, '127.0.0.1')
      .on('connect', resolve)
      .on('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code);
      });
  });
  expect(code).toBe('ECONNREFUSED');
}
