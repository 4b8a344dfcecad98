import { afterEach, describe, expect, test } from 'vitest';
import { opensslMissing, TlsFiles } from '../support/tls-files.ts';
import { ScriptedBackend } from '../support/scripted-backend.ts';
import { seededRandom } from '../support/random.ts';
import { until } from '../support/until.ts';
import { RunningGateway, type GatewaySetup, type RawClient } from './running-gateway.ts';
import { backendAt, operationOf, sampleApi, sampleConfig } from './sample.ts';

let gateway: RunningGateway;
let backend: ScriptedBackend | undefined;

afterEach(async () => {
  await gateway.close();
  backend?.close();
  backend = undefined;
});

async function start(
  speak: Parameters<typeof ScriptedBackend.start>[0],
  setup: GatewaySetup = {},
): Promise<void> {
  backend = await ScriptedBackend.start(speak);
  const operations = [operationOf('/*', '*', { open: true })];
  const api = sampleApi({ operations, backends: { PRODUCTION: backendAt(backend.url) } });
  gateway = await RunningGateway.start({
    ...setup,
    config: () => sampleConfig({ apis: [api], applications: [] }),
  });
}

const eventHead = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';

describe('a stream of events', () => {
  /** Each event must be there before the next one is said. */
  async function hears(client: RawClient): Promise<void> {
    await until(() => backend?.requests === 1);
    const socket = backend?.connections[0]?.socket;
    for (let at = 0; at < 30; at += 1) {
      const event = at % 3 === 0 ? ': keep-alive\n\n' : `data: ${at}\n\n`;
      client.received = '';
      socket?.write(`${event.length.toString(16)}\r\n${event}\r\n`);
      await until(() => client.received.includes(event));
    }
  }

  const events: GatewaySetup = {
    // A stream outlasts what a client is given for its own part.
    bounds: { bodyIdleMsMax: 50, headMsMax: 50, idleMsMax: 50, drainMsMax: 50, sweepEveryMs: 10 },
  };
  const speak: Parameters<typeof ScriptedBackend.start>[0] = ({ socket }) =>
    socket.write(`${eventHead}Transfer-Encoding: chunked\r\n\r\n`);
  const lastsLonger = (): Promise<void> => new Promise((later) => setTimeout(later, 200));

  test('brings each one at once, in chunks, and is not cut when it is silent', async () => {
    await start(speak, events);
    const client = gateway.connect().request('POST /orders/1.0.0/x', 'Content-Length: 2').send('go');
    await hears(client);
    await lastsLonger();
    await hears(client);
    expect(client.ended).toBe(false);
  });

  test('brings each one at once over HTTP/1.0', async () => {
    await start(speak, events);
    const client = gateway.connect().send('GET /orders/1.0.0/x HTTP/1.0', 'Host: a', '', '');
    await hears(client);
    await lastsLonger();
    await hears(client);
    backend?.connections[0]?.socket.write('0\r\n\r\n');
    await until(() => client.ended);
    expect(gateway.records).toMatchObject([{ aborted: false }]);
  });

  test.skipIf(opensslMissing)('brings each one at once over TLS', async () => {
    const files = new TlsFiles('gateway.example');
    const [certificate, key, ca] = ['server.pem', 'server.key', 'ca.pem'].map((name) => files.text(name));
    files.remove();
    const https = { certificate: certificate!, key: key!, minimumVersion: 'TLSv1.2', port: 0 } as const;
    const bounds = { ...events.bounds, headMsMax: 5000 };
    await start(speak, { bounds, https: { ...https, clientCertificates: 'none' } });
    const client = gateway.connectTls({ ca, servername: 'gateway.example' }).request('GET /orders/1.0.0/x');
    await hears(client);
    await lastsLonger();
    await hears(client);
    expect(client.ended).toBe(false);
  });
});

/** How a request is sent, and what its whole answer must be; `n` is its number. */
type Kind = readonly [sent: (n: number) => string, answer: RegExp];

const line = (method: string, n: number): string => `${method} /orders/1.0.0/${n} HTTP/1.1\r\nHost: a\r\n`;
const body = (n: number): string => String(n).repeat(1 + ((n * 977) % 3000));
const chunked = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
const kinds: readonly Kind[] = [
  [(n) => `${line('GET', n)}\r\n`, /^HTTP\/1.1 200 OK\r\n/],
  [(n) => `${line('POST', n)}Content-Length: ${body(n).length}\r\n\r\n${body(n)}`, /^HTTP\/1.1 200 OK\r\n/],
  [(n) => `${line('PUT', n)}Transfer-Encoding: chunked\r\n\r\n${chunked(body(n))}`, /^HTTP\/1.1 200 OK\r\n/],
  [(n) => `${line('HEAD', n)}\r\n`, /^HTTP\/1.1 200 OK\r\n/],
  [(n) => `${line('DELETE', n)}\r\n`, /^HTTP\/1.1 204 No Content\r\n/],
  [(n) => `${line('PATCH', n)}\r\n`, /^HTTP\/1.1 304 Not Modified\r\n/],
  [(n) => `${line('OPTIONS', n)}\r\n`, /^HTTP\/1.1 103 Early Hints\r\n[^]*?\r\n\r\nHTTP\/1.1 200 OK\r\n/],
  [
    (n) => `${line('POST', n)}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
    /^HTTP\/1.1 (?:100 Continue\r\n\r\nHTTP\/1.1 )?200 OK\r\n/,
  ],
];

test('100 pipelined requests of all kinds get 100 answers in their order, 16 at a time', async () => {
  const random = seededRandom();
  let [running, most] = [0, 0];
  await start((arrival) => {
    const { socket, received } = arrival;
    const end = received.indexOf('\r\n\r\n');
    if (end === -1) return;
    const [, method, n] = /^([A-Z]+) \/(\d+) /.exec(received) ?? [];
    const length = /^content-length: (\d+)/im.exec(received)?.[1];
    const isWhole = length ? received.length >= end + 4 + Number(length) : received.endsWith('\r\n\r\n');
    if (!isWhole) return;
    arrival.received = '';
    running += 1;
    most = Math.max(most, running);
    const sent = `number ${n}`;
    const say = (text: string): void => {
      running -= 1;
      socket.write(text);
    };
    const fields = `X-Number: ${n}\r\n`;
    const full = `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${sent.length}\r\n\r\n`;
    setTimeout(() => {
      if (method === 'HEAD') say(full);
      else if (method === 'DELETE') say(`HTTP/1.1 204 No Content\r\n${fields}\r\n`);
      else if (method === 'PATCH') say(`HTTP/1.1 304 Not Modified\r\n${fields}\r\n`);
      else if (method === 'PUT')
        say(`HTTP/1.1 200 OK\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${chunked(sent)}`);
      else if (method === 'OPTIONS') say(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${full}${sent}`);
      else say(full + sent);
    }, random.below(8));
  });
  const asked = Array.from({ length: 100 }, () => random.pick(kinds));
  const client = gateway.connect();
  const all = asked.map(([sent], n) => sent(n)).join('');
  for (let at = 0; at < all.length;) {
    const piece = all.slice(at, (at += 1 + random.below(5000)));
    client.socket.write(piece, 'latin1');
  }
  await until(() => gateway.records.length === 100);
  await until(() => client.received.includes('X-Number: 99'.toLowerCase()));
  const context = `seed ${random.seed}`;
  let rest = client.received;
  for (const [n, [sent, answer]] of asked.entries()) {
    expect(rest, `${context}, request ${n}`).toMatch(answer);
    rest = rest.slice(answer.exec(rest)?.[0].length);
    const head = rest.slice(0, rest.indexOf('\r\n\r\n') + 4);
    expect(head, `${context}, request ${n}`).toContain(`x-number: ${n}\r\n`);
    rest = rest.slice(head.length);
    const bare = /^(?:HEAD|DELETE|PATCH)/.test(sent(n));
    const text = bare ? '' : sent(n).startsWith('PUT') ? chunked(`number ${n}`) : `number ${n}`;
    expect(rest.startsWith(text), `${context}, request ${n}`).toBe(true);
    rest = rest.slice(text.length);
  }
  expect(rest, context).toBe('');
  expect(most, context).toBeGreaterThan(1);
  expect(most, context).toBeLessThanOrEqual(16);
  expect(gateway.records.every(({ aborted }) => !aborted)).toBe(true);
});

test('an answer before its body keeps the order, and the connection', async () => {
  await start((arrival) => {
    const { socket, received } = arrival;
    if (received.includes('POST') && received.includes('\r\n\r\n')) {
      arrival.received = '';
      socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nearly');
    } else if (received.startsWith('GET')) {
      arrival.received = '';
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext');
    }
  });
  const client = gateway.connect().request('POST /orders/1.0.0/x', 'Content-Length: 100000');
  await until(() => client.received.endsWith('early'));
  client.send('x'.repeat(100_000)).request('GET /orders/1.0.0/y');
  await until(() => client.received.endsWith('next'));
  expect(client.received).toMatch(/^HTTP\/1.1 413 [^]*early[^]*HTTP\/1.1 200 [^]*next$/);
});

test('100 Continue waits for its turn behind another answer', async () => {
  await start(({ socket, received }) => {
    if (received.endsWith('body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond');
  });
  const client = gateway.connect().request('GET /orders/1.0.0/first');
  client.request('POST /orders/1.0.0/second', 'Expect: 100-continue', 'Content-Length: 4');
  await until(() => backend?.requests === 2);
  expect(client.received).toBe('');
  const first = backend?.connections.find(({ received }) => received.includes('/first'));
  first?.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst');
  await until(() => client.received.endsWith('firstHTTP/1.1 100 Continue\r\n\r\n'));
  client.send('body');
  await until(() => client.received.endsWith('second'));
});
