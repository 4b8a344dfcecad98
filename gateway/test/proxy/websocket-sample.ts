import { createHash } from 'node:crypto';
import { ScriptedBackend } from '../support/scripted-backend.ts';
import { until } from '../support/until.ts';
import { RunningGateway, type GatewaySetup, type RawClient } from './running-gateway.ts';
import { backendAt, operationOf, sampleApi, sampleConfig } from './sample.ts';

export const mebibyte: number = 1024 * 1024;
export const agrees: string =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

export let gateway: RunningGateway;
export let backend: ScriptedBackend | undefined;

export async function close(): Promise<void> {
  await gateway.close();
  backend?.close();
  backend = undefined;
}

/** A gateway with a WebSocket API, /orders/1.0.0, before a backend that speaks in bytes, and an HTTP API, /plain/1.0.0. */
export async function start(speak: Speak, setup: GatewaySetup = {}): Promise<ScriptedBackend> {
  const begun = await ScriptedBackend.start(speak);
  backend = begun;
  const more = { operations: [operationOf('/*', '*', { open: true })] };
  const backends = { PRODUCTION: backendAt(`${begun.url}/v1`) };
  const api = sampleApi({ ...more, backends, webSocket: true });
  const config: GatewaySetup['config'] = (url) => {
    const plain = { name: 'Plain', context: '/plain', basePaths: ['/plain/1.0.0'] };
    const http = sampleApi({ ...more, ...plain, backends: { PRODUCTION: backendAt(url) } });
    return sampleConfig({ apis: [api, http], applications: [] });
  };
  gateway = await RunningGateway.start({ config, ...setup });
  return begun;
}

export type Speak = (arrival: ScriptedBackend['connections'][number]) => void;

export const opening: readonly string[] = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
];

export function open(client: RawClient = gateway.connect(), ...fields: readonly string[]): RawClient {
  return client.request('GET /orders/1.0.0/chat', ...opening, ...fields);
}

export async function opened(): Promise<RawClient> {
  const client = open();
  await until(() => client.received.includes('\r\n\r\n'));
  client.received = '';
  return client;
}

/** Agrees, and sends back whatever follows. */
export function echoes({ socket, received }: Parameters<Speak>[0]): void {
  if (!received.endsWith('\r\n\r\n')) return;
  socket.removeAllListeners('data');
  socket.write(agrees);
  socket.pipe(socket);
}

/** What a real server does: the handshake of RFC 6455, and each text frame sent back. */
export function speaksWebSocket(arrival: Parameters<Speak>[0]): void {
  const { socket, received } = arrival;
  const headEnd = received.indexOf('\r\n\r\n') + 4;
  if (headEnd === 3) return;
  const key = /sec-websocket-key: (\S+)/i.exec(received)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const fields = `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat.v2\r\n`;
  if (received.length === headEnd) return void socket.write(`${agrees.slice(0, -2)}${fields}\r\n`);
  const frame = Buffer.from(received.slice(headEnd), 'latin1');
  arrival.received = received.slice(0, headEnd);
  const length = frame[1]! & 127;
  const payload = frame.subarray(6, 6 + length).map((octet, at) => octet ^ frame[2 + (at % 4)]!);
  socket.write(Buffer.concat([Buffer.from([frame[0]!, length]), payload]));
  if ((frame[0]! & 15) === 8) socket.end();
}
