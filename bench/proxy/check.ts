import { request } from 'undici';
import { answerBytes, type Load } from './load.ts';
import type { Server } from './variant.ts';

/** Rejects unless the proxy answers this load as it should: status, length of the body, and that it was counted. */
export async function check(server: Server, load: Load): Promise<void> {
  const { Connection: _, ...fields } = load.fields;
  const { statusCode, headers, body } = await request(
    `http://127.0.0.1:${server.port}${server.basePath}${load.path}`,
    {
      method: load.bodyBytes > 0 ? 'POST' : 'GET',
      headers: { ...server.fields, ...fields },
      body: load.bodyBytes > 0 ? 'x'.repeat(load.bodyBytes) : null,
    },
  );
  const { byteLength } = await body.arrayBuffer();
  if (statusCode !== 200) throw new Error(`${load.name}: status ${statusCode}`);
  if (byteLength !== answerBytes(load)) throw new Error(`${load.name}: ${byteLength} bytes`);
  if (server.proof !== undefined && headers[server.proof] === undefined) {
    throw new Error(`${load.name}: no ${server.proof}, so the request wasn't counted`);
  }
}
