/* fast-proxy in its undici mode. argv: the backend's origin. */
import { createServer } from 'node:http';
import fastProxy from 'fast-proxy';

const outgoing = fastProxy({ base: process.argv[2] ?? '', undici: { connections: 256, pipelining: 1 } });
const server = createServer((request, response) => {
  outgoing.proxy(request, response, request.url ?? '/', {
    rewriteRequestHeaders: (_request, headers) => ({
      ...headers,
      'x-forwarded-for': request.socket.remoteAddress,
    }),
  });
});
server.keepAliveTimeout = 300_000;
server.listen(0, '127.0.0.1', 4096, () => {
  process.send?.({ port: /** @type {import("node:net").AddressInfo} */ (server.address()).port });
});
process.once('disconnect', () => process.exit());
