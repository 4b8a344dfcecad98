import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { until } from '../../test/support/until.ts';
import { textFetcher } from './fetch-text.ts';

const clock = new FakeClock();
const fetchText = textFetcher(clock);
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const begun = createServer(listener);
  server = begun;
  await new Promise<void>((listening) => {
    begun.listen(0, '127.0.0.1', listening);
  });
  const address = begun.address();
  return typeof address === 'object' ? `http://127.0.0.1:${address?.port}/keys` : '';
}

describe('a text behind a URL', () => {
  test('is given whole, in UTF-8', async () => {
    const url = await serve((_, response) => response.end('{"é":1}'));
    expect(await fetchText(url)).toBe('{"é":1}');
  });

  test.each<[string, RequestListener, RegExp]>([
    ['an error', (_, response) => response.writeHead(500).end('{}'), /status 500/],
    ['elsewhere', (_, response) => response.writeHead(302, { location: '/other' }).end(), /redirect/],
    [
      'larger than 256 KiB',
      (_, response) => response.end('x'.repeat(256 * 1024 + 1)),
      /more than 262144 bytes/,
    ],
    ['without end', (_, response) => sendForever(response), /more than 262144 bytes/],
    ['not UTF-8', (_, response) => response.end(Buffer.from([0xff])), /encoded data/],
    ['broken off', (request) => request.socket.destroy(), /closed/],
  ])('that is %s is none', async (_, listener, why) => {
    await expect(fetchText(await serve(listener))).rejects.toThrow(why);
  });

  test('that isn’t whole after five seconds is none', async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.write('{');
    });
    const fetched = fetchText(url);
    fetched.catch(() => {});
    await until(() => asked === 1);
    await clock.advance(4999);
    await clock.advance(1);
    await expect(fetched).rejects.toThrow('no whole answer within 5000 ms');
  });

  test('at a port that nobody listens on is none, and the reason is told', async () => {
    const url = await serve(() => {});
    server?.close();
    server = undefined;
    await expect(fetchText(url)).rejects.toThrow('ECONNREFUSED');
  });
});

function sendForever(response: {
  write(text: string): boolean;
  once(event: 'drain', go: () => void): unknown;
}): void {
  while (response.write('x'.repeat(65_536)));
  response.once('drain', () => sendForever(response));
}
