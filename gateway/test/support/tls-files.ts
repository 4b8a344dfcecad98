import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** For `describe.skipIf`: whether this machine can't make certificates. */
export const opensslMissing: boolean = spawnSync('openssl', ['version']).status !== 0;

/** A certificate authority of this run, with a server's and a client's certificate. The test that makes it removes it. */
export class TlsFiles {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sluice-tls-'));

  /** `serverName` stands in the server's certificate; no address does. */
  constructor(serverName: string) {
    this.#openssl(
      'req',
      '-x509',
      '-nodes',
      ...newKey('ca'),
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=test authority',
    );
    this.#issue('server', serverName);
    this.#issue('client', 'gateway');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** How a redis-server is told to speak TLS, and only with clients that prove who they are. */
  serverArgs(port: number): readonly string[] {
    const files = ['--tls-ca-cert-file', this.path('ca.pem'), '--tls-cert-file', this.path('server.pem')];
    return ['--port', '0', '--tls-port', String(port), ...files, '--tls-key-file', this.path('server.key')];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #issue(name: string, commonName: string): void {
    writeFileSync(this.path(`${name}.ext`), `subjectAltName=DNS:${commonName}\n`);
    this.#openssl('req', '-nodes', ...newKey(name), '-out', `${name}.csr`, '-subj', `/CN=${commonName}`);
    const by = [
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      `${name}.ext`,
      '-days',
      '2',
    ];
    this.#openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...by);
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }
}

function newKey(name: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', `${name}.key`];
}
