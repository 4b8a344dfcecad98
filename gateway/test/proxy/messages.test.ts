import { ServerResponse, type RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { echoed, RunningGateway } from './running-gateway.ts';

let gateway: RunningGateway;

async function start(backend?: RequestListener): Promise<void> {
  gateway = await RunningGateway.start(backend && { backend });
}

afterEach(() => gateway.close());

/** Everything a client got on a connection of its own, which the request closes. */
async function bytes(line: string, ...fields: readonly string[]): Promise<string> {
  const client = gateway.connect().request(line, 'Connection: close', ...fields);
  await until(() => client.ended);
  return client.received;
}

function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

describe('a request', () => {
  test('reaches the backend under its path, with the fields of the gateway', async () => {
    await start();
    const answer = await bytes(
      'GET /orders/1.0.0/it%65ms/%7e?q=%2F',
      'X-Hop: 1',
      'Connection: X-Hop',
      'X-A: \u00e9',
    );
    const told = echoed(bodyOf(answer));
    expect(told).toMatchObject({ method: 'GET', url: '/v1/items/~?q=%2F' });
    expect(told.fields).toMatchObject({
      'x-a': ['\u00e9'],
      'x-forwarded-for': ['127.0.0.1'],
      'x-forwarded-host': ['gateway.example'],
      'x-forwarded-proto': ['http'],
      via: ['1.1 sluice'],
    });
    expect(told.fields['host']).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
    expect(told.fields).not.toHaveProperty('x-hop');
    expect(answer).toContain(`activityid: ${told.fields['activityid']?.[0]}`);
  });

  test.each(['GET', 'DELETE', 'POST', 'PATCH', 'PROPFIND'])(
    '%s goes with and without a body',
    async (method) => {
      await start();
      const client = gateway
        .connect()
        .request(`${method} /orders/1.0.0/x`, 'Content-Length: 5')
        .send('hello');
      await until(() => client.received.includes('}'));
      const told = echoed(bodyOf(client.received));
      expect([told.method, told.body, told.fields['content-length']]).toEqual([method, 'hello', ['5']]);
      const without = echoed(bodyOf(await bytes(`${method} /orders/1.0.0/x`)));
      expect(without.body).toBe('');
      expect(without.fields).not.toHaveProperty('transfer-encoding');
      const lengths = method === 'GET' || method === 'DELETE' ? undefined : ['0'];
      expect(without.fields['content-length']).toEqual(lengths);
    },
  );

  test('in chunks stays one, without its trailers', async () => {
    await start();
    const client = gateway
      .connect()
      .request('POST /orders/1.0.0/x', 'Transfer-Encoding: chunked', 'Trailer: X-Sum');
    client.send('5;ext=1\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n');
    await until(() => client.received.includes('}'));
    const told = echoed(bodyOf(client.received));
    expect(told.body).toBe('hello');
    expect(told.fields).not.toHaveProperty('trailer');
    expect(told.fields).not.toHaveProperty('x-sum');
  });

  test('that expects 100-continue is told to go on once it is admitted', async () => {
    await start();
    const client = gateway
      .connect()
      .request('POST /orders/1.0.0/x', 'Content-Length: 5', 'Expect: 100-continue');
    await until(() => client.received.includes('\r\n\r\n'));
    expect(client.received).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(gateway.records).toEqual([]);
    client.send('hello');
    await until(() => client.received.includes('"body":"hello"'));
    expect(echoed(client.received.slice(client.received.indexOf('{'))).fields).not.toHaveProperty('expect');
  });

  test('that expects 100-continue and is refused never sends its body', async () => {
    await start();
    const client = gateway.connect().request('POST /nowhere', 'Content-Length: 5', 'Expect: 100-continue');
    await until(() => client.ended);
    expect(client.received).toMatch(/^HTTP\/1.1 404 [^]*Connection: close\r\n/);
    expect(client.received).not.toContain('100 Continue');
  });

  test('over HTTP/1.0 is answered without chunks and without interim answers', async () => {
    await start((_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.write('in ');
      response.end('pieces');
    });
    const client = gateway.connect().send('GET /orders/1.0.0/x HTTP/1.0', 'Host: a', '', '');
    await until(() => client.ended);
    expect(client.received).toMatch(/^HTTP\/1.1 200 [^]*\r\n\r\nin pieces$/);
    expect(client.received).not.toContain('chunked');
  });
});

describe('an answer', () => {
  test('keeps its status, fields and body', async () => {
    await start((_, response) => {
      response.writeHead(418, 'Short', [
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'X-A',
        '\u00e9',
        'Server',
        'back',
      ]);
      response.end('teapot');
    });
    const answer = await bytes('GET /orders/1.0.0/x');
    expect(answer).toMatch(/^HTTP\/1.1 418 /);
    expect(answer).toContain('set-cookie: a=1\r\nset-cookie: b=2\r\n');
    expect(answer).toContain('x-a: \u00e9\r\n');
    expect(answer.match(/^date: /gim)).toHaveLength(1);
    expect(answer).toContain('teapot');
  });

  test('to HEAD has the length GET would have, and no body', async () => {
    await start((request, response) => {
      response.setHeader('content-length', 5);
      response.end(request.method === 'HEAD' ? undefined : 'hello');
    });
    const answer = await bytes('HEAD /orders/1.0.0/x');
    expect(answer).toMatch(/^HTTP\/1.1 200 [^]*content-length: 5\r\n[^]*\r\n\r\n$/);
    const refused = await bytes('HEAD /nowhere');
    expect(refused).toMatch(/^HTTP\/1.1 404 [^]*Content-Length: 128\r\n[^]*\r\n\r\n$/);
  });

  test.each([204, 304])('%d has no body and keeps the connection in step', async (status) => {
    await start((_, response) => {
      response.writeHead(status, { etag: '"1"' });
      response.end();
    });
    const client = gateway.connect().request('GET /orders/1.0.0/x');
    await until(() => client.received.endsWith('\r\n\r\n'));
    expect(client.received).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*etag: "1"`));
    expect(client.received).not.toMatch(/transfer-encoding|content-length/i);
    client.received = '';
    client.request('GET /orders/1.0.0/x');
    await until(() => client.received.startsWith(`HTTP/1.1 ${status} `));
  });

  const sendsInterim = 'writeInformation' in ServerResponse.prototype;
  test.runIf(sendsInterim)("is preceded by the backend's early hints", async () => {
    await start((_, response) => {
      response.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.js>; rel=preload'], 'x-hint': '1' });
      response.end('done');
    });
    const answer = await bytes('GET /orders/1.0.0/x');
    expect(answer).toMatch(/^HTTP\/1.1 103 Early Hints\r\n(?:.+\r\n)*\r\nHTTP\/1.1 200 OK\r\n/);
    expect(answer).toContain('</a.css>; rel=preload');
    expect(answer).toContain('x-hint: 1');
  });

  test('in chunks carries its trailers', async () => {
    await start((_, response) => {
      response.writeHead(200, { trailer: 'x-sum, content-type' });
      response.write('hello');
      response.addTrailers({ 'x-sum': 'abc', ratelimit: 'theirs' });
      response.end();
    });
    const answer = await bytes('GET /orders/1.0.0/x');
    expect(answer).toMatch(/5\r\nhello\r\n0\r\nx-sum: abc\r\n\r\n$/);
  });
});
