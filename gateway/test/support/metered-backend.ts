import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A backend whose answers are counted in events and tokens. `/events?n=5` streams events in one piece, `/drip?n=5` one by one;
 * `/chat?tokens=7` answers as OpenAI does, `/stream?tokens=7` in a stream, `/silent` without usage, `/wrong` with a 500.
 */
export class MeteredBackend {
  readonly port: number;
  /** Of each request, in order. */
  readonly headers: IncomingHttpHeaders[];
  readonly #server: Server;

  private constructor(server: Server, headers: IncomingHttpHeaders[]) {
    this.#server = server;
    this.headers = headers;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(): Promise<MeteredBackend> {
    const headers: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      headers.push(request.headers);
      request.resume();
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://backend');
      const count = Number(searchParams.get('n') ?? searchParams.get('tokens') ?? 0);
      answers[pathname]?.(response, count);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new MeteredBackend(server, headers);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

const usageOf = (tokens: number) => ({
  usage: { prompt_tokens: 1, completion_tokens: tokens - 1, total_tokens: tokens },
});

const answers: Readonly<Record<string, (response: ServerResponse, count: number) => void>> = {
  '/events': (response, count) => {
    response.setHeader('content-type', 'text/event-stream');
    response.end(Array.from({ length: count }, (_, index) => `data: ${index}\n\n`).join(''));
  },
  '/drip': (response, count) => {
    response.setHeader('content-type', 'text/event-stream');
    let sent = 0;
    const timer = setInterval(() => {
      if (sent === count || response.destroyed) {
        clearInterval(timer);
        response.end();
        return;
      }
      response.write(`: tick\n\ndata: ${sent}\n\n`);
      sent += 1;
    }, 2);
  },
  '/chat': (response, count) => {
    setTimeout(() => {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ choices: [{ message: { content: '{"usage":{}}' } }], ...usageOf(count) }),
      );
    }, 30);
  },
  '/stream': (response, count) => {
    response.setHeader('content-type', 'text/event-stream');
    response.write('data: {"choices":[{"delta":{"content":"a"}}],"usage":null}\n\n');
    response.end(`data: ${JSON.stringify({ choices: [], ...usageOf(count) })}\n\ndata: [DONE]\n\n`);
  },
  '/silent': (response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  },
  '/wrong': (response) => {
    response.statusCode = 500;
    response.end('{}');
  },
};
