import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

export interface ReceivedEvent {
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server for callbacks: agrees to what it is asked below `/yes`, and not elsewhere; keeps the events it gets. */
export class Callbacks {
  readonly events: ReceivedEvent[] = [];
  /** The queries of what it was asked, by path. */
  readonly asked: { readonly path: string; readonly query: URLSearchParams }[] = [];
  connections = 0;
  /** What an event is answered with, by its path; 204 unless set. */
  readonly statusOf: Map<string, number> = new Map();
  readonly #server: Server;
  readonly #host: string;

  private constructor(host: string) {
    this.#host = host;
    this.#server = createServer((request, response) => {
      const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://callbacks');
      if (request.method === 'GET') {
        this.asked.push({ path, query });
        response.end(path.startsWith('/yes') ? query.get('hub.challenge') : 'no');
        return;
      }
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.events.push({ path, body, headers: request.headers });
        response.writeHead(this.statusOf.get(path) ?? 204).end();
      });
    });
    this.#server.on('connection', () => (this.connections += 1));
  }

  static async start(host: string): Promise<Callbacks> {
    const callbacks = new Callbacks(host);
    callbacks.#server.listen(0, host);
    await once(callbacks.#server, 'listening');
    return callbacks;
  }

  url(path: string, host: string = this.#host): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    return `http://${host}:${address.port}${path}`;
  }

  /** How many events came to paths that begin so. */
  count(beginning: string, body?: string): number {
    return this.events.filter((one) => one.path.startsWith(beginning) && (body ?? one.body) === one.body)
      .length;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
