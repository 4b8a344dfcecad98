import type { ConnectionOptions } from 'node:tls';
import type { HttpsSettings } from '../../src/config/config.ts';
import { TlsFiles } from '../support/tls-files.ts';
import { until } from '../support/until.ts';
import { RunningGateway, type GatewaySetup, type RawClient } from './running-gateway.ts';

export let files: TlsFiles;
export let others: TlsFiles;
export let gateway: RunningGateway;

/** Before all tests. */
export function makeFiles(): void {
  files = new TlsFiles('gateway.example');
  others = new TlsFiles('gateway.example');
}

export function removeFiles(): void {
  files.remove();
  others.remove();
}

export function settings(more: Partial<HttpsSettings> = {}, from: TlsFiles = files): HttpsSettings {
  const certificate = from.text('server.pem');
  const key = from.text('server.key');
  const plain = { minimumVersion: 'TLSv1.2', clientCertificates: 'none' } as const;
  return { port: 0, certificate, key, ...plain, ...more };
}

export async function start(https: Partial<HttpsSettings> = {}, setup: GatewaySetup = {}): Promise<void> {
  gateway = await RunningGateway.start({ ...setup, https: settings(https) });
}

/** Trusts the test's own authority, and says what it is told to say. */
export function connect(options: ConnectionOptions = {}, trusted: TlsFiles = files): RawClient {
  const ca = trusted.text('ca.pem');
  return gateway.connectTls({ ca, servername: 'gateway.example', ALPNProtocols: ['http/1.1'], ...options });
}

export async function ask(client: RawClient, line = 'GET /orders/1.0.0/x'): Promise<string> {
  client.received = '';
  client.request(line);
  await until(() => client.ended || client.received.includes('\r\n\r\n'));
  return client.received;
}
