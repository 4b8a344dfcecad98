import { createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Backends } from '../../src/backends/backends.ts';
import { defaultBackendSettings } from '../../src/config/backends-table.ts';
import type { BackendTls } from '../../src/config/config.ts';
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

  afterEach(() => {
    backends.close();
    for (const socket of seen) socket.destroy();
  });

  async function ask(host: string, more = {}): Promise<Told> {
    const told = new Told();
    const request = { method: 'GET', path: '/', fields: [], body: undefined, ...more };
    backends.pool(`https://${host}:${port}`).send(request, told);
    await until(() => told.over);
    return told;
  }

  function begin(tls: Partial<BackendTls> = { ca: files.text('ca.pem') }): void {
    backends = new Backends(systemClock, { ...defaultBackendSettings, tls: { verify: true, ...tls } });
    seen = [];
  }

  test('is asked over one connection, in HTTP/1.1, by its name', async () => {
    begin();
    for (let times = 0; times < 3; times += 1) {
      const told = await ask('localhost');
      expect([told.events, told.body === large + large]).toEqual([['200', 'end'], true]);
    }
    expect(seen.map(({ alpnProtocol, servername }) => [alpnProtocol, servername])).toEqual([
      ['http/1.1', 'localhost'],
    ]);
  });

  test('takes bodies in chunks', async () => {
    begin();
    const body = new ScriptedBody('unknown', ['a', large, 'b']);
    const told = await ask('localhost', { method: 'POST', body });
    expect(told.events).toEqual(['200', 'end']);
  });

  test('whose answer waits for its receiver goes on when that wants more', async () => {
    begin();
    const told = new Told();
    told.takesMore = false;
    const request = { method: 'GET', path: '/', fields: [], body: undefined };
    const call = backends.pool(`https://localhost:${port}`).send(request, told);
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
    const tls = known ? { ca: files.text('ca.pem') } : {};
    begin(tls);
    expect((await ask(host)).events).toEqual(['unreachable!']);
    backends.close();
    begin({ ...tls, verify: false });
    expect((await ask(host)).events).toEqual(['200', 'end']);
  });

  test('is shown a certificate', async () => {
    const ca = files.text('ca.pem');
    begin({ ca, certificate: files.text('client.pem'), key: files.text('client.key') });
    await ask('localhost');
    expect(seen.map(({ authorized }) => authorized)).toEqual([true]);
    backends.close();
    begin({ ca });
    await ask('localhost');
    expect(seen.map(({ authorized }) => authorized)).toEqual([false]);
  });
});

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}
