/*
 * admin/ promises: an operator sees how this gateway is, over a listener apart from the clients'. A resource per file, plain
 * text or JSON. It reads what it shows through small ports and must not know the data plane. What changes something takes POST,
 * and a caller that may.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Authority } from './api/authority.ts';
import { whyForbidden } from './caller.ts';
import { health } from './health.ts';
import { metrics, type MetricsSource } from './metrics.ts';
import { text, type Page } from './page.ts';
import { readiness, type GatewayStatus } from './readiness.ts';
import { reloaded, type ReloadReport } from './reload.ts';

export interface AdminOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly status: () => GatewayStatus | Promise<GatewayStatus>;
  readonly metrics: MetricsSource;
  /** Reads the files again. */
  readonly reload: () => Promise<ReloadReport>;
  /** Knows the operator's tokens. */
  readonly authority?: Pick<Authority, 'identify'> | undefined;
  /** Answers what is asked below `/api/`. */
  readonly restApi?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Is told what should not have happened; the operator sees a 500. */
  readonly reportBug: (error: unknown) => void;
}

export interface Admin {
  readonly port: number;
  close(): Promise<void>;
}

interface Resource {
  readonly method: 'GET' | 'POST';
  readonly page: (query: URLSearchParams) => Page | Promise<Page>;
}

const connectionsMax = 100;
const waitMsMax = 10_000;

/** Listens; rejects when the port can't be had. */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const resources: Readonly<Record<string, Resource>> = {
    '/healthz': { method: 'GET', page: health },
    '/readyz': { method: 'GET', page: async (query) => readiness(await options.status(), query) },
    '/metrics': { method: 'GET', page: () => metrics(options.metrics) },
    '/reload': { method: 'POST', page: async () => reloaded(await options.reload()) },
  };
  const server = createServer(
    { headersTimeout: waitMsMax, requestTimeout: waitMsMax, keepAliveTimeout: waitMsMax },
    (request, response) => {
      if (options.restApi !== undefined && request.url?.startsWith('/api/') === true) {
        options.restApi(request, response);
        return;
      }
      pageFor(request, resources, options.authority).then(
        (page) => send(response, page),
        (error: unknown) => {
          options.reportBug(error);
          send(response, text(500, 'The gateway failed to answer.\n'));
        },
      );
    },
  );
  server.maxConnections = connectionsMax;
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen({ host: options.host, port: options.port }, () => resolve(undefined));
  await promise;
  server.off('error', reject);
  // A connection that couldn't be accepted takes no other one along.
  server.on('error', () => {});
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a TCP port');
  return {
    port: address.port,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function pageFor(
  request: IncomingMessage,
  resources: Readonly<Record<string, Resource>>,
  authority: AdminOptions['authority'],
): Promise<Page> {
  const { method, url = '/' } = request;
  const [path = '', query = ''] = url.split('?', 2);
  const resource = Object.hasOwn(resources, path) ? resources[path] : undefined;
  if (resource === undefined) return text(404, `Here are: ${Object.keys(resources).join(', ')}\n`);
  if (resource.method === 'GET' && method !== 'GET' && method !== 'HEAD') return onlyGet;
  if (resource.method === 'POST' && method !== 'POST') return onlyPost;
  const forbidden = resource.method === 'POST' ? whyForbidden(request, authority) : undefined;
  return forbidden ?? resource.page(new URLSearchParams(query));
}

const onlyGet: Page = { ...text(405, 'Only GET and HEAD.\n'), allow: 'GET, HEAD' };
const onlyPost: Page = { ...text(405, 'Only POST.\n'), allow: 'POST' };

function send(response: ServerResponse, { status, contentType, body, allow }: Page): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...(allow !== undefined && { Allow: allow }),
    // What a client still sends is not waited for.
    ...(status === 413 && { Connection: 'close' }),
  });
  response.end(body);
}
