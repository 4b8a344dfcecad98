/*
 * The plainest forwarding there is on the same stack: node:http in, undici's dispatch out, no limit, no identity, no log. It
 * is what the gateway is measured against. argv: the backend's origin.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool, type Dispatcher } from 'undici';

const pool = new Pool(process.argv[2] ?? '', { connections: 256, pipelining: 1, allowH2: false });

function answerTo(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      // Else a client that leaves would keep a connection to the backend for ever.
      response.once('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client has gone'));
      });
    },
    onResponseStart(_controller, status, headers) {
      response.writeHead(status, headers);
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return;
      controller.pause();
      response.once('drain', () => {
        controller.resume();
      });
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      response.destroy();
    },
  };
}

const server = createServer((request, response) => {
  const { method = 'GET', url = '/', headers } = request;
  const { host: _, connection: __, 'keep-alive': ___, ...forwarded } = headers;
  forwarded['x-forwarded-for'] = request.socket.remoteAddress;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  pool.dispatch(
    { method, path: url, headers: forwarded, body: hasBody ? request : null },
    answerTo(response),
  );
});
server.keepAliveTimeout = 300_000;
server.listen(0, '127.0.0.1', 4096, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.once('disconnect', () => process.exit());
