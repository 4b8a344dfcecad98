import { connect, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { seededRandom, type Random } from '../support/random.ts';
import { until } from '../support/until.ts';
import { RunningGateway } from './running-gateway.ts';
import { backendAt, operationOf, sampleApi, sampleConfig } from './sample.ts';

const requests = [
  'GET /orders/1.0.0/x?a=1 HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nConnection: keep-alive\r\n\r\n',
  'POST /orders/1.0.0/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST /orders/1.0.0/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n',
  'POST /orders/1.0.0/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
  'HEAD /orders/1.0.0/x HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /orders/1.0.0/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
];
const answers = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: a\r\n\r\n5\r\nhello\r\n0\r\na: 1\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nConnection: close, x\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nuntil the end',
];
const connections = 3000;
const atOnce = 40;

let gateway: RunningGateway | undefined;

afterEach(() => gateway?.close());

test('no bytes of clients or backends bring the gateway down, and every exchange ends and is recorded once', async () => {
  const random = seededRandom();
  const context = `seed ${random.seed}`;
  const backend = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      socket.write(mangled(random.pick(answers), random));
      if (random.below(3) === 0) socket.end();
    });
  });
  await new Promise<void>((listening) => {
    backend.listen(0, '127.0.0.1', listening);
  });
  const address = backend.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const operations = [operationOf('/*', '*', { open: true })];
  const api = sampleApi({ operations, backends: { PRODUCTION: backendAt(url) } });
  gateway = await RunningGateway.start({
    bounds: { headMsMax: 200, bodyIdleMsMax: 200, idleMsMax: 200 },
    backendBounds: { headMsMax: 200, bodyIdleMsMax: 200, waitMsMax: 300 },
    config: () => sampleConfig({ apis: [api], applications: [] }),
  });
  const { port, records } = gateway;

  let left = connections;
  const clients = Array.from({ length: atOnce }, async () => {
    while (left > 0) {
      left -= 1;
      const sent = Array.from({ length: 1 + random.below(3) }, () => mangled(random.pick(requests), random));
      await talk(port, Buffer.concat(sent), random.below(60));
    }
  });
  await Promise.all(clients);

  const answer = await fetch(`${gateway.url}/nowhere`);
  expect(answer.status, context).toBe(404);
  await until(() => gateway?.begun === records.length);
  const kinds = new Set(records.map(({ status, code, aborted }) => `${status} ${code} ${aborted}`));
  expect(kinds.size, `${context}: ${[...kinds].join(', ')}`).toBeGreaterThan(8);
  backend.close();
});

/** Sends bytes, takes what comes, and leaves after a while, politely or not. */
function talk(port: number, bytes: Buffer, patienceMs: number): Promise<void> {
  return new Promise((closed) => {
    const socket = connect(port, '127.0.0.1');
    socket
      .on('error', () => {})
      .on('close', () => {
        closed();
      });
    socket.resume().write(bytes);
    setTimeout(() => (patienceMs % 2 === 0 ? socket.end() : socket.destroy()), patienceMs);
  });
}

/** Half of the messages stay good; the others get a few bytes changed, removed, added or repeated. */
function mangled(text: string, random: Random): Buffer {
  const bytes = [...Buffer.from(text, 'latin1')];
  for (let change = random.below(2) * (1 + random.below(3)); change > 0; change -= 1) {
    const at = random.below(bytes.length + 1);
    const from = random.below(bytes.length + 1);
    const kinds = [
      () => bytes.splice(at, 1, random.below(256)),
      () => bytes.splice(at, 1 + random.below(5)),
      () =>
        bytes.splice(
          at,
          0,
          ...Buffer.from(
            random.pick(['\r\n', '\n', ' ', ':', '%2f', '\0', '\u007f', '\u00ff', '10']),
            'latin1',
          ),
        ),
      () => bytes.splice(at, 0, ...bytes.slice(from, from + random.below(80))),
    ];
    random.pick(kinds)();
  }
  return Buffer.from(bytes);
}
