import { describe, expect, test } from 'vitest';
import { environment } from '../../test/config/homes.ts';
import { readDeploymentToml, type Settings } from './deployment-toml.ts';
import type { Diagnostic } from './diagnostic.ts';

const files: Readonly<Record<string, string>> = {
  'tls/cert.pem': '-----BEGIN CERTIFICATE-----\nAA==\n',
  'tls/key.pem': '-----BEGIN PRIVATE KEY-----\nhunter2\n',
  'tls/locked.pem': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nhunter2\n',
  'tls/old.pem': '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nhunter2\n',
};

/** What isn't served yet is read nonetheless; that it isn't is told apart. */
function read(text: string): {
  settings: Settings | undefined;
  said: readonly string[];
  notYet: readonly string[];
} {
  const found: Diagnostic[] = [];
  const settings = readDeploymentToml(
    [{ path: 'deployment.toml', text }],
    {
      ...environment,
      namedFile: (path) => {
        const file = files[path];
        return file === undefined ? { problem: 'ENOENT' } : { text: file };
      },
    },
    (diagnostic) => found.push(diagnostic),
  );
  expect(JSON.stringify(found)).not.toContain('hunter2');
  const lines = found.map(({ severity, code, message, at }) => ({
    code,
    text: `${at.line}:${at.column} ${severity}[${code}] ${message}`,
  }));
  return {
    settings,
    said: lines.filter(({ code }) => code !== 'not-supported').map(({ text: line }) => line),
    notYet: lines.filter(({ code }) => code === 'not-supported').map(({ text: line }) => line),
  };
}

const pair = 'certificate = "tls/cert.pem"\nkey = "tls/key.pem"\n';

describe('the listener', () => {
  test('is HTTP alone unless a certificate is set', () => {
    const { settings, said } = read('');
    expect(said).toEqual([]);
    expect(settings?.listener).toEqual({
      host: '0.0.0.0',
      http: true,
      port: 8280,
      threads: 1,
      underscoreNames: 'drop',
      trustedProxies: [],
    });
  });

  test('takes every key', () => {
    const { settings, said, notYet } = read(`[server]
offset = 1
[sluice.listener]
http = "false"
threads = "auto"
underscore_names = "refuse"
[sluice.listener.tls]
certificate = "tls/cert.pem"
key = "tls/locked.pem"
key_passphrase = "$env{REDIS_PASSWORD}"
minimum_version = "TLSv1.3"
ca = "tls/cert.pem"
client_certificates = "required"
`);
    expect(said).toEqual([]);
    expect(notYet).toEqual([]);
    expect(settings?.listener).toMatchObject({
      http: false,
      threads: 'auto',
      underscoreNames: 'refuse',
      https: {
        port: 8244,
        certificate: files['tls/cert.pem'],
        key: files['tls/locked.pem'],
        passphrase: 'hunter2',
        minimumVersion: 'TLSv1.3',
        clientCertificates: { ca: files['tls/cert.pem'], required: true },
      },
    });
  });

  test('asks no client for a certificate, and speaks TLS 1.2, unless told otherwise', () => {
    const { settings, said } = read(`[sluice.listener]\nhttps_port = 443\n[sluice.listener.tls]\n${pair}`);
    expect(said).toEqual([]);
    expect(settings?.listener.https).toEqual({
      port: 443,
      certificate: files['tls/cert.pem'],
      key: files['tls/key.pem'],
      minimumVersion: 'TLSv1.2',
      clientCertificates: 'none',
    });
  });

  test.each(['1', '64', '"64"', '"auto"'])('has %s threads', (threads) => {
    const { settings, said } = read(`[sluice.listener]\nthreads = ${threads}\n`);
    expect(said).toEqual([]);
    expect(String(settings?.listener.threads)).toBe(threads.replaceAll('"', ''));
  });

  test.each(['0', '65', '"all"', '1.5', '[1]'])('can not have %s threads', (threads) => {
    const { said } = read(`[sluice.listener]\nthreads = ${threads}\n`);
    expect(said).toEqual([
      expect.stringMatching(
        /^2:11 error\[invalid-value\] threads: found .*, expected a whole number from 1 to 64, or "auto"\.$/,
      ),
    ]);
  });

  test.each([
    ['https_port = 443\n', '2:1 error[conflict] https_port needs a certificate'],
    ['http = false\n', '2:8 error[conflict] http = false needs a certificate'],
    ['underscore_names = "keep"\n', '2:20 error[invalid-value] underscore_names: found a string "keep"'],
    ['tls = 1\n', '2:7 error[invalid-value] tls: found 1, expected a table'],
    ['tls = {}\n', '2:1 error[missing-value] certificate is missing'],
    ['tls = {certificat = 1}\n', '2:8 error[unknown-key] "certificat" is not a key'],
    ['tls = {certificate = "tls/cert.pem"}\n', '2:8 error[missing-value] certificate needs a key'],
    [`[sluice.listener.tls]\n${pair}ca = "tls/cert.pem"\n`, '5:1 error[conflict] ca says whose client'],
    [
      `[sluice.listener.tls]\n${pair}client_certificates = "optional"\n`,
      '5:1 error[missing-value] client_certificates needs a ca',
    ],
    [
      `[sluice.listener.tls]\n${pair.replace('key.pem', 'locked.pem')}`,
      '4:1 error[missing-value] The private key is encrypted; its key_passphrase is missing.',
    ],
    [
      `[sluice.listener.tls]\n${pair.replace('key.pem', 'old.pem')}`,
      '4:1 error[missing-value] The private key is encrypted; its key_passphrase is missing.',
    ],
    [
      `[sluice.listener.tls]\n${pair}minimum_version = "TLSv1.1"\n`,
      '5:19 error[invalid-value] minimum_version: found a string "TLSv1.1"',
    ],
    [
      `[sluice.listener.tls]\n${pair.replace('cert.pem', 'none.pem')}`,
      '3:15 error[unreadable-file] certificate: the file "tls/none.pem" can\'t be read: ENOENT.',
    ],
    [
      `[sluice.listener.tls]\n${pair.replace('key.pem', 'cert.pem')}`,
      '4:7 error[invalid-value] key: found no private key',
    ],
  ])('%j is refused', (text, message) => {
    const { said } = read(`[sluice.listener]\n${text}`);
    expect(said).toContainEqual(expect.stringContaining(message));
  });

  test('shares no port with itself or the admin listener', () => {
    const tls = `[sluice.listener.tls]\n${pair}`;
    const both = `[sluice.listener]\nhttp_port = 8443\nhttps_port = 8443\n${tls}`;
    expect(read(both).said).toEqual([
      "3:14 error[conflict] The listener and the HTTPS listener can't both have port 8443.",
    ]);
    expect(read(both.replace('http_port', 'http = false\nhttp_port')).said).toEqual([]);
    const admin = `[sluice.listener]\nhttps_port = 9090\n${tls}[sluice.admin]\nport = 9090\n`;
    expect(read(admin).said).toEqual([
      "7:8 error[conflict] The HTTPS listener and the admin listener can't both have port 9090.",
    ]);
  });
});

describe('backends', () => {
  test('take every bound and every key of TLS', () => {
    const { settings, said, notYet } = read(`[sluice.backends]
connections_max = 1
waiting_max = "0"
wait_ms_max = 1
connect_ms_max = 60000
head_ms_max = 3600000
body_idle_ms_max = 3600000
[sluice.backends.tls]
ca = "tls/cert.pem"
server_name = "orders.internal"
certificate = "tls/cert.pem"
key = "tls/locked.pem"
key_passphrase = "hunter2"
`);
    expect([...said, ...notYet]).toEqual([]);
    expect(settings?.backends).toEqual({
      bounds: {
        connectionsMax: 1,
        waitingMax: 0,
        waitMsMax: 1,
        connectMsMax: 60_000,
        headMsMax: 3_600_000,
        bodyIdleMsMax: 3_600_000,
      },
      tls: {
        verify: true,
        ca: files['tls/cert.pem'],
        certificate: files['tls/cert.pem'],
        key: files['tls/locked.pem'],
        passphrase: 'hunter2',
        serverName: 'orders.internal',
      },
    });
  });

  test('whose certificates nobody verifies are warned about, loudly', () => {
    const { settings, said } = read('[sluice.backends.tls]\nverify = false\n');
    expect(said).toEqual([expect.stringContaining('2:10 warning[unverified-backends]')]);
    expect(said[0]).toContain('NOT VERIFIED');
    expect(settings?.backends.tls).toEqual({ verify: false });
  });

  test.each([
    ['[sluice.backends]\nhead_ms_max = 0\n', '2:15 error[invalid-value] head_ms_max: found 0, expected'],
    ['[sluice.backends]\nconnections = 5\n', '2:1 error[unknown-key] "connections" is not a key'],
    ['[sluice.backends.tls]\nkey_passphrase = "x"\n', '2:1 error[conflict] key_passphrase needs a key'],
    ['[sluice.backends.tls]\nkey = "tls/key.pem"\n', '2:1 error[missing-value] key needs a certificate'],
    ['[sluice.backends.tls]\nverify = false\nca = "tls/cert.pem"\n', '3:1 error[conflict] ca says which'],
    ['[sluice.backends.tls]\nserver_name = "a b"\n', '2:15 error[invalid-value] server_name: found'],
  ])('%j is refused', (text, message) => {
    expect(read(text).said).toContainEqual(expect.stringContaining(message));
  });
});
