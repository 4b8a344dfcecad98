import type { Load } from './load.ts';
import type { Server } from './variant.ts';

export function requestBytes(server: Server, load: Load): string {
  const { bodyBytes } = load;
  const method = bodyBytes > 0 ? 'POST' : 'GET';
  const length = bodyBytes > 0 ? { 'Content-Length': String(bodyBytes) } : {};
  const fields = Object.entries({ Host: 'bench', ...server.fields, ...load.fields, ...length });
  const head = [
    `${method} ${server.basePath}${load.path} HTTP/1.1`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
  ];
  return `${head.join('\r\n')}\r\n\r\n${'x'.repeat(bodyBytes)}`;
}
