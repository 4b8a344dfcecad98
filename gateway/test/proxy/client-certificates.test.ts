import { type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { opensslMissing, type TlsFiles } from '../support/tls-files.ts';
import {
  ask,
  connect,
  files,
  gateway,
  makeFiles,
  others,
  removeFiles,
  settings,
  start,
} from './https-gateway.ts';

describe.skipIf(opensslMissing)('client certificates', () => {
  beforeAll(makeFiles);
  afterAll(removeFiles);
  afterEach(() => gateway.close());

  const own = (from: TlsFiles): ConnectionOptions => ({
    cert: from.text('client.pem'),
    key: from.text('client.key'),
  });

  test.each([
    ['none', false, true, true, true],
    ['optional', false, true, true, false],
    ['required', true, false, true, false],
  ] as const)('%s', async (kind, required, withNone, withOne, withBad) => {
    await start(kind === 'none' ? {} : { clientCertificates: { ca: files.text('ca.pem'), required } });
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const served = async (options: ConnectionOptions): Promise<boolean> =>
        (await ask(connect({ ...options, minVersion: version, maxVersion: version }))).includes('200 OK');
      expect(await served({})).toBe(withNone);
      expect(await served(own(files))).toBe(withOne);
      expect(await served(own(others))).toBe(withBad);
    }
  });

  test('are asked for as at the start', async () => {
    await start();
    const clientCertificates = { ca: files.text('ca.pem'), required: true };
    expect(() => gateway.renew(settings({ clientCertificates }))).toThrow('asks clients');
  });

  test('of an authority that was replaced are refused, also with a session from before', async () => {
    const required = true;
    await start({ clientCertificates: { ca: files.text('ca.pem'), required } });
    const first = connect({ ...own(files), maxVersion: 'TLSv1.2' });
    expect(await ask(first)).toContain('200 OK');
    const session = (first.socket as TLSSocket).getSession();
    gateway.renew(settings({ clientCertificates: { ca: others.text('ca.pem'), required } }));
    expect(await ask(first)).toContain('200 OK');
    const again = { ...own(files), maxVersion: 'TLSv1.2', ...(session && { session }) } as const;
    expect(await ask(connect(again))).toBe('');
    expect(await ask(connect(own(others)))).toContain('200 OK');
  });
});
