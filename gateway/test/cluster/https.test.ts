import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { sluice, type Run } from '../support/sluice.ts';
import { apiProject, application, TestHome } from '../support/test-home.ts';
import { opensslMissing, TlsFiles } from '../support/tls-files.ts';
import { until } from '../support/until.ts';

const threads = [1, 2];

describe.skipIf(opensslMissing).each(threads)('HTTPS, with %d threads', (count) => {
  let backend: EchoBackend;
  let home: TestHome;
  let first: TlsFiles;
  let second: TlsFiles;
  let gateway: Run;
  let port: number;

  const take = (files: TlsFiles): void => {
    for (const name of ['server.pem', 'server.key']) copyFileSync(files.path(name), join(home.path, name));
  };
  beforeAll(async () => {
    backend = await startEchoBackend(() => performance.now());
    [first, second] = [new TlsFiles('gateway.example'), new TlsFiles('gateway.example')];
    home = new TestHome({
      'deployment.toml': `[sluice.listener]
host = "127.0.0.1"
http = false
https_port = 0
threads = ${count}
[sluice.listener.tls]
certificate = "server.pem"
key = "server.key"
`,
      'apis/Open.yaml': apiProject({ name: 'Open', production: backend.port, policies: ['Unlimited'] }),
      'applications/Some.yaml': application('Some', { Open: 'Unlimited' }),
    });
    take(first);
    gateway = sluice(['start', '--home', home.path, '--admin-port', '0']);
    await until(() => gateway.said().includes('serving'));
    port = Number(/on https:\/\/127\.0\.0\.1:(\d+)\n/.exec(gateway.said())?.[1]);
  });
  afterAll(async () => {
    gateway?.signal('SIGTERM');
    await gateway?.ended;
    await backend?.close();
    home?.remove();
    first?.remove();
    second?.remove();
  });

  /** A connection whose other end proves itself by one of the authorities. */
  async function open(files: TlsFiles): Promise<Client> {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'gateway.example',
      ca: files.text('ca.pem'),
    });
    const client: Client = { socket, received: '', failed: false };
    socket.on('data', (bytes) => {
      client.received += bytes.toString('latin1');
    });
    socket.on('error', () => {
      client.failed = true;
    });
    await until(() => socket.authorized || client.failed);
    return client;
  }

  async function ask(client: Client): Promise<string> {
    client.received = '';
    client.socket.write(
      'GET /open/1.0.0/x HTTP/1.1\r\nHost: gateway.example\r\nApiKey: Some-production\r\n\r\n',
    );
    await until(() => client.received.includes('\r\n\r\n'));
    return client.received;
  }

  async function hangUp(answer: string): Promise<void> {
    const answers = (): number => gateway.said().split(answer).length;
    const before = answers();
    gateway.signal('SIGHUP');
    await until(() => answers() > before);
  }

  test('certificates change without a restart, for those who connect from then on', async () => {
    const early = await open(first);
    expect(await ask(early)).toContain('200 OK');
    take(second);
    await hangUp('SIGHUP: serving');
    expect(await ask(early)).toContain('200 OK');
    const late = await open(second);
    expect(await ask(late)).toContain('200 OK');
    expect((await open(first)).failed).toBe(true);
    early.socket.destroy();
    late.socket.destroy();
  });

  test("a key that isn't the certificate's is refused, and everything stays as it was", async () => {
    take(second);
    copyFileSync(first.path('server.key'), join(home.path, 'server.key'));
    await hangUp('SIGHUP: the files are refused');
    expect(gateway.said()).toMatch(/error\[invalid-value\].*TLS can't use these files together/);
    writeFileSync(join(home.path, 'server.key'), second.text('server.key'));
    const client = await open(second);
    expect(await ask(client)).toContain('200 OK');
    client.socket.destroy();
  });
});

interface Client {
  readonly socket: TLSSocket;
  received: string;
  failed: boolean;
}
