import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { RunningGateway, type GatewaySetup } from './running-gateway.ts';

let gateway: RunningGateway;

async function start(setup: GatewaySetup = {}): Promise<void> {
  gateway = await RunningGateway.start(setup);
}

afterEach(() => gateway.close());

const head = 'Host: gateway.example';

/** Sends bytes as they are and gives everything that came back until the gateway closed the connection. */
async function reply(...lines: readonly string[]): Promise<string> {
  const client = gateway.connect().send(...lines);
  await until(() => client.ended);
  return client.received;
}

describe('what is no good HTTP is refused, and the connection closed', () => {
  test.each([
    ['no HTTP at all', ['\u0016\u0003\u0001', '', '']],
    ['an unknown version', ['GET / HTTP/3.0', head, '', '']],
    ['a malformed field', ['GET / HTTP/1.1', head, 'no colon', '', '']],
    ['a space before the colon', ['GET / HTTP/1.1', head, 'X-A : 1', '', '']],
    ['a folded field', ['GET / HTTP/1.1', head, 'X-A: 1', ' folded', '', '']],
    ['a control byte in a field', ['GET / HTTP/1.1', head, 'X-A: \u0000', '', '']],
    ['a bare carriage return', ['GET / HTTP/1.1', head, 'X-A: 1\rX-B: 2', '', '']],
    [
      'a length and chunks',
      ['POST / HTTP/1.1', head, 'Content-Length: 3', 'Transfer-Encoding: chunked', '', '0', '', ''],
    ],
    ['two lengths', ['POST / HTTP/1.1', head, 'Content-Length: 3', 'Content-Length: 4', '', 'abc']],
    ['two equal lengths', ['POST / HTTP/1.1', head, 'Content-Length: 3', 'Content-Length: 3', '', 'abc']],
    ['a negative length', ['POST / HTTP/1.1', head, 'Content-Length: -3', '', 'abc']],
    ['a length with a sign', ['POST / HTTP/1.1', head, 'Content-Length: +3', '', 'abc']],
    ['chunked not last', ['POST / HTTP/1.1', head, 'Transfer-Encoding: chunked, gzip', '', '0', '', '']],
  ])('%s', async (_, lines) => {
    await start();
    const answer = await reply(...lines);
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\nConnection: close\r\n/);
    expect(answer).toMatch(
      /\r\n\r\n\{"code":"908001","type":"Status report","message":"Runtime Error","description":"[^"]+"\}$/,
    );
    expect(answer).toMatch(/\r\nactivityid: [\da-f-]{36}\r\n/);
    expect(gateway.seen).toHaveLength(0);
  });

  test('a broken chunk in the middle of a body ends the request at the backend too', async () => {
    let brokenOff = false;
    await start({
      backend: (request) => {
        request.on('aborted', () => {
          brokenOff = true;
        });
        request.resume();
      },
    });
    const client = gateway
      .connect()
      .send('POST /orders/1.0.0/x HTTP/1.1', head, 'Transfer-Encoding: chunked', '', '5');
    client.send('', 'hello', '');
    await until(() => gateway.seen.length === 1);
    client.send('zz', 'hello', '');
    await until(() => client.ended && brokenOff);
    expect(client.received).toMatch(/^HTTP\/1.1 400 [^]*"code":"908001"/);
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ status: 400, code: '908001' });
  });

  test.each([
    [
      'a coding nobody decodes',
      ['POST /orders/1.0.0/x HTTP/1.1', head, 'Transfer-Encoding: gzip, chunked', '', '0', '', ''],
    ],
    [
      'an upgrade',
      ['GET /orders/1.0.0/x HTTP/1.1', head, 'Connection: Upgrade', 'Upgrade: websocket', '', ''],
    ],
    ['CONNECT', ['CONNECT gateway.example:443 HTTP/1.1', head, '', '']],
  ])('%s is not supported', async (_, lines) => {
    await start();
    expect(await reply(...lines)).toMatch(/^HTTP\/1.1 501 [^]*Connection: close\r\n[^]*"code":"908009"/);
    expect(gateway.seen).toHaveLength(0);
  });

  test('CONNECT behind other requests ends the connection, not the gateway', async () => {
    await start();
    const connect = ['CONNECT a:443 HTTP/1.1', head, '', ''];
    await reply(...connect, ...connect);
    await reply('GET /orders/1.0.0/x HTTP/1.1', head, '', ...connect);
    expect(await reply(...connect)).toContain('501');
  });

  test('an unknown expectation', async () => {
    await start();
    const answer = await reply(
      'POST /orders/1.0.0/x HTTP/1.1',
      head,
      'Expect: miracles',
      'Content-Length: 2',
      '',
      'ok',
    );
    expect(answer).toMatch(/^HTTP\/1.1 417 [^]*Connection: close\r\n[^]*"code":"908008"/);
  });
});

describe('the head of a request', () => {
  const get = (...fields: readonly string[]): Promise<string> =>
    reply('GET /orders/1.0.0/x HTTP/1.1', 'Connection: close', ...fields, '', '');

  test.each([
    ['no Host', []],
    ['two', ['Host: a', 'Host: b']],
    ['two that are equal', ['Host: a', 'host: a']],
    ['an empty one', ['Host:']],
    ['a list', ['Host: a, b']],
  ])('needs exactly one good Host: %s', async (_, hosts) => {
    await start();
    expect(await get(...hosts)).toMatch(/^HTTP\/1.1 400 [^]*"code":"908003"/);
  });

  test('may name the host in its target, if it is the same', async () => {
    await start();
    const absolute = (host: string): Promise<string> =>
      reply(`GET http://${host}/orders/1.0.0/x HTTP/1.1`, head, 'Connection: close', '', '');
    expect(await absolute('gateway.example')).toContain('"url":"/v1/x"');
    expect(await absolute('other.example')).toContain('"code":"908003"');
  });

  test.each(['/orders/1.0.0/../x', '/orders/1.0.0/%2e%2e/x', '/orders/1.0.0/a%2fb', '/orders//1.0.0/x', '*'])(
    'with the target %s is refused, and the connection kept',
    async (target) => {
      await start();
      const client = gateway.connect().request(`OPTIONS ${target}`);
      await until(() => client.received.includes('"code":"908002"'));
      client.received = '';
      client.request('GET /orders/1.0.0/x');
      await until(() => client.received.includes('200 OK'));
    },
  );

  test('may have 100 fields, not one more, and none is lost', async () => {
    await start();
    const many = (count: number): readonly string[] =>
      Array.from({ length: count }, (_, at) => `X-${at}: ${at}`);
    const told = await get(head, ...many(98));
    expect(told).toContain('"X-97","97"');
    expect(await get(head, ...many(99))).toMatch(
      /^HTTP\/1.1 431 [^]*Connection: close\r\n[^]*"code":"908006"/,
    );
  });

  test('is seen as a whole, however many fields it may have', async () => {
    await start({ bounds: { fieldsMax: 5000 } });
    const many = Array.from({ length: 2000 }, () => 'a:1');
    expect(await get(head, ...many, 'Host: other.example')).toContain('"code":"908003"');
  });

  test('may have 16 KiB', async () => {
    await start();
    expect(await get(head, `X-Long: ${'x'.repeat(15_000)}`)).toContain('200 OK');
    expect(await get(head, `X-Long: ${'x'.repeat(17_000)}`)).toMatch(
      /^HTTP\/1.1 431 [^]*Connection: close\r\n[^]*"code":"908006"/,
    );
  });

  test('may have a target of 8 KiB', async () => {
    await start();
    const long = (bytes: number): Promise<string> => {
      const target = '/orders/1.0.0/'.padEnd(bytes, 'x');
      return reply(`GET ${target} HTTP/1.1`, head, 'Connection: close', '', '');
    };
    expect(await long(8192)).toContain('200 OK');
    expect(await long(8193)).toMatch(/^HTTP\/1.1 414 [^]*Connection: close\r\n[^]*"code":"908005"/);
    expect(await long(20_000)).toMatch(/^HTTP\/1.1 431 [^]*"code":"908006"/);
  });
});

test('more connections than the maximum are closed at once, and others take their place later', async () => {
  await start({ bounds: { connectionsMax: 2 } });
  const first = gateway.connect().request('GET /orders/1.0.0/x');
  const second = gateway.connect().request('GET /orders/1.0.0/x');
  await until(() => first.received.includes('200 OK') && second.received.includes('200 OK'));
  const third = gateway.connect();
  await until(() => third.ended);
  first.socket.destroy();
  await until(async () => {
    const next = gateway.connect().request('GET /orders/1.0.0/x');
    await until(() => next.ended || next.received.includes('200 OK'));
    return !next.ended;
  });
});
