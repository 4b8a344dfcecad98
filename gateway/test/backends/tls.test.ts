import { createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Backends } from '../../src/backends/backends.ts';
import type { BackendTls } from '../../src/backends/origin.ts';
import { systemClock } from '../../src/system-clock.ts';
import { ScriptedBody, Told } from '../support/scripted-backend.ts';
import { opensslMissing, TlsFiles } from '../support/tls-files.ts';
import { until } from '../support/until.ts';

const large = 'x'.repeat(1_000_000);

describe.skipIf(opensslMissing)('a backend over TLS', () => {
  let files: TlsFiles;
  let server: Server;
  let backends: Backends;
  let port: number;
  let seen: TLSSocket[];

  beforeAll(async () => {
    files = new TlsFiles('localhost');
    const [cert, key, ca] = ['server.pem', 'server.key', 'ca.pem'].map((name) => files.text(name));
    server = createServer(
      { cert, key, ca, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] },
      (socket) => {
        seen.push(socket);
        let received = '';
        socket.on('error', () => {});
        socket.on('data', (bytes) => {
          received += bytes.toString('latin1');
          if (!received.endsWith('\r\n\r\n')) return;
          received = '';
          socket.write(
            `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(large)}${chunk(large)}0\r\n\r\n`,
          );
        });
      },
    );
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    const address = server.address();
    port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  });

  afterAll(() => {
    server.close();
    files.remove();
  });

  afterEach(async () => {
    await backends.close();
    for (const socket of seen) socket.destroy();
  });

  async function ask(host: string, tls: BackendTls, more = {}): Promise<Told> {
    const told = new Told();
    const request = { method: 'GET', path: '/', fields: [], body: undefined, ...more };
    backends.pool(`https://${host}:${port}`, tls).send(request, told);
    await until(() => told.over);
    return told;
  }

  function begin(): void {
    backends = new Backends(systemClock);
    seen = [];
  }

  test('is asked over one connection, in HTTP/1.1, by its name', async () => {
    begin();
    const tls = { ca: files.text('ca.pem') };
    for (let times = 0; times < 3; times += 1) {
      const told = await ask('localhost', tls);
      expect([told.events, told.body === large + large]).toEqual([['200', 'end'], true]);
    }
    expect(seen.map(({ alpnProtocol, servername }) => [alpnProtocol, servername])).toEqual([
      ['http/1.1', 'localhost'],
    ]);
  });

  test('takes bodies in chunks', async () => {
    begin();
    const body = new ScriptedBody('unknown', ['a', large, 'b']);
    const told = await ask('localhost', { ca: files.text('ca.pem') }, { method: 'POST', body });
    expect(told.events).toEqual(['200', 'end']);
  });

  test('whose answer waits for its receiver goes on when that wants more', async () => {
    begin();
    const told = new Told();
    told.takesMore = false;
    const request = { method: 'GET', path: '/', fields: [], body: undefined };
    const call = backends.pool(`https://localhost:${port}`, { ca: files.text('ca.pem') }).send(request, told);
    await until(() => {
      call.resume();
      return told.over;
    });
    expect(told.body === large + large).toBe(true);
  });

  test.each([
    ['of an unknown authority', 'localhost', false],
    ['of another name', '127.0.0.1', true],
  ])('with a certificate %s is unreachable, unless nobody checks', async (_, host, known) => {
    begin();
    const tls = known ? { ca: files.text('ca.pem') } : {};
    expect((await ask(host, tls)).events).toEqual(['unreachable!']);
    expect((await ask(host, { ...tls, verify: false })).events).toEqual(['200', 'end']);
  });

  test('is shown a certificate', async () => {
    begin();
    const [ca, cert, key] = ['ca.pem', 'client.pem', 'client.key'].map((name) => files.text(name));
    await ask('localhost', { ca, cert, key });
    await ask('localhost', { ca });
    expect(seen.map(({ authorized }) => authorized)).toEqual([true, false]);
  });
});

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}
