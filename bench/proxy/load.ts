/*
 * proxy/ promises: every proxy is asked the same, by the same client, of the same backend, in turn. Servers have core 0;
 * load, backend and Redis have core 1.
 */

export const serverCore = 0;
export const loadCore = 1;
export const connections = 64;
export const smallBytes = 13;
export const largeBytes = 10_240;

/** What is asked of every proxy. */
export interface Load {
  readonly name: string;
  /** A backend's path; `/10k` has the large answer. */
  readonly path: '/x' | '/10k';
  readonly fields: Readonly<Record<string, string>>;
  /** Above 0 it is a POST. */
  readonly bodyBytes: number;
  /** Connections that have asked once and stay open meanwhile. */
  readonly idle: number;
  /** As much as each proxy can serve, or half of that at a fixed rate. */
  readonly pace: 'saturated' | 'half';
}

export const smallGet: Load = {
  name: 'small GET',
  path: '/x',
  fields: {},
  bodyBytes: 0,
  idle: 0,
  pace: 'saturated',
};

/** What a browser sends to an API behind a page. */
const realisticFields = {
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  Accept: 'application/json, text/plain, */*',
  'Accept-Language': 'en-GB,en;q=0.9,de;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  Origin: 'https://shop.example.com',
  Referer: 'https://shop.example.com/orders/2026/11?page=3&sort=date',
  'Sec-Fetch-Dest': 'empty',
  'Sec-Fetch-Mode': 'cors',
  'Sec-Fetch-Site': 'same-site',
  'Cache-Control': 'no-cache',
  'X-Request-Id': '7b1f3c1e-52a5-4b8e-9f0e-1f2d3c4b5a69',
  Traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};

export const loads: readonly Load[] = [
  smallGet,
  { ...smallGet, name: '12 headers', fields: realisticFields },
  { ...smallGet, name: '10 KiB answer', path: '/10k' },
  { ...smallGet, name: '1 KiB POST', bodyBytes: 1024 },
  { ...smallGet, name: '1,000 idle connections', idle: 1000 },
  { ...smallGet, name: 'new connections', fields: { Connection: 'close' } },
  { ...smallGet, name: 'half of saturation', pace: 'half' },
];

export function answerBytes({ path }: Load): number {
  return path === '/10k' ? largeBytes : smallBytes;
}
