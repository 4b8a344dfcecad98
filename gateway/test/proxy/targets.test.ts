import { createServer, type RequestListener, type Server as PlainServer } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultBackendSettings } from '../../src/config/backends-table.ts';
import type { BackendTls } from '../../src/config/config.ts';
import type { Api, Backend } from '../../src/policy/catalogue.ts';
import { opensslMissing, TlsFiles } from '../support/tls-files.ts';
import { RunningGateway } from './running-gateway.ts';
import { operationOf, sampleApi, sampleConfig } from './sample.ts';

type Server = PlainServer | TlsServer;

let gateway: RunningGateway;
let servers: Server[];

beforeEach(() => {
  servers = [];
});

afterEach(async () => {
  await gateway.close();
  await Promise.all(servers.map(shut));
});

/** Gives the server's port. */
async function listening(server: Server, port = 0): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => {
    server.listen(port, '127.0.0.1', done);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a TCP port');
  return address.port;
}

function shut(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}

/** Tells its name, the path and the body it got. */
function named(name: string): RequestListener {
  return (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.end(`${name} ${request.url} ${body}`));
  };
}

async function deadPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await shut(server);
  return port;
}

async function start(
  backend: (ownUrl: string) => Backend,
  tls: BackendTls = defaultBackendSettings.tls,
  more: Partial<Api> = {},
): Promise<void> {
  gateway = await RunningGateway.start({
    backend: named('own'),
    backendTls: tls,
    config: (url) =>
      sampleConfig({
        apis: [
          sampleApi({
            operations: [operationOf('/*', '*', { open: true })],
            backends: { PRODUCTION: backend(url) },
            ...more,
          }),
        ],
        applications: [],
      }),
  });
}

async function get(path: string, init: RequestInit = {}): Promise<string> {
  const answer = await fetch(`${gateway.url}/orders/1.0.0${path}`, init);
  return `${answer.status} ${(await answer.text()).trim()}`;
}

describe('several targets of one API', () => {
  test('get requests in turn, each under its own path', async () => {
    const other = await listening(createServer(named('other')));
    await start((url) => ({
      targets: [{ url }, { url: `http://127.0.0.1:${other}` }],
      choice: 'round-robin',
    }));
    const answers = [];
    for (const path of ['/a?x=1', '/a?x=1', '', '/']) answers.push(await get(path));
    expect(answers).toEqual(['200 own /v1/a?x=1', '200 other /a?x=1', '200 own /v1', '200 other /']);
  });

  test('stand in for one that is not there, also for a request with a body, and get it once', async () => {
    const dead = await deadPort();
    await start((url) => ({
      targets: [{ url: `http://127.0.0.1:${dead}/v2` }, { url }],
      choice: 'failover',
    }));
    const body = 'x'.repeat(100_000);
    for (let time = 0; time < 5; time += 1) {
      expect(await get('/a', { method: 'POST', body })).toBe(`200 own /v1/a ${body}`);
    }
    expect(gateway.seen).toHaveLength(5);
  });

  test('do not get what another has broken off', async () => {
    const breaking = await listening(createServer((request) => request.socket.destroy()));
    await start((url) => ({
      targets: [{ url: `http://127.0.0.1:${breaking}` }, { url }],
      choice: 'failover',
    }));
    const answers = [];
    for (let time = 0; time < 4; time += 1) answers.push((await get('/a')).slice(0, 3));
    expect(answers).toEqual(['502', '502', '502', '200']);
    expect(gateway.seen).toHaveLength(1);
  });

  test('that are all away give the answer of one', async () => {
    const dead = `http://127.0.0.1:${await deadPort()}`;
    await start(() => ({ targets: [{ url: `${dead}/a` }, { url: `${dead}/b` }], choice: 'round-robin' }));
    const [first, ...others] = [await get('/a'), await get('/a'), await get('/a'), await get('/a')];
    expect(first.slice(0, 3)).toBe('503');
    expect(new Set(others)).toEqual(new Set([first]));
  });

  test.each(['round-robin', 'failover'] as const)(
    '%s: that are all away are no active endpoints of an AI API',
    async (choice) => {
      const dead = `http://127.0.0.1:${await deadPort()}`;
      const targets = [{ url: `${dead}/a` }, { url: `${dead}/b` }] as const;
      await start(() => ({ targets, choice }), undefined, { ai: true });
      for (let time = 0; time < 5; time += 1) expect(await get('/a')).toMatch(/^503 .*"900808"/);
    },
  );
});

test('a target with a wait of its own is given up after it', async () => {
  const silent = await listening(createServer(() => {}));
  await start(() => ({
    targets: [{ url: `http://127.0.0.1:${silent}`, headMsMax: 100 }],
    choice: 'single',
  }));
  expect((await get('/a')).slice(0, 3)).toBe('504');
});

describe.skipIf(opensslMissing)('backends behind TLS', () => {
  let files: TlsFiles;

  beforeEach(() => {
    files = new TlsFiles('orders.test');
  });

  afterEach(() => files.remove());

  async function statusWith(tls: BackendTls): Promise<string> {
    const text = (name: string): string => files.text(name);
    const server = createTlsServer(
      { cert: text('server.pem'), key: text('server.key'), ca: text('ca.pem'), requestCert: true },
      named('secure'),
    );
    const port = await listening(server);
    const url = `https://127.0.0.1:${port}`;
    await start(() => ({ targets: [{ url }], choice: 'single' }), tls);
    return get('/a');
  }

  test('are reached when an authority of ours signed for the name that is expected', async () => {
    const tls = { verify: true, ca: files.text('ca.pem'), serverName: 'orders.test' };
    const mine = { certificate: files.text('client.pem'), key: files.text('client.key') };
    expect(await statusWith({ ...tls, ...mine })).toBe('200 secure /a');
  });

  test.each([
    ['another name', { ca: true, serverName: 'other.test' }],
    ['no name but the address', { ca: true }],
    ['an authority that nobody knows', { ca: false, serverName: 'orders.test' }],
  ])('are not reached with %s', async (_, { ca, ...tls }) => {
    const settings = { verify: true, ...tls, ...(ca && { ca: files.text('ca.pem') }) };
    expect((await statusWith(settings)).slice(0, 3)).toBe('503');
  });

  test('are reached whoever they are when nobody verifies', async () => {
    const mine = { certificate: files.text('client.pem'), key: files.text('client.key') };
    expect(await statusWith({ verify: false, ...mine })).toBe('200 secure /a');
  });
});
