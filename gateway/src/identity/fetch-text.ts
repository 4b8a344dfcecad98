import type { Clock } from '../limits/clock.ts';
import type { FetchText } from './jwks-source.ts';

const deadlineMs = 5000;
const bytesMax = 256 * 1024;

/** Fetches small texts: whole within five seconds, up to 256 KiB, from where the URL says and nowhere else. */
export function textFetcher(clock: Clock): FetchText {
  return async (url) => {
    const late = new AbortController();
    const cancel = clock.after(deadlineMs, () => late.abort());
    try {
      const response = await fetch(url, {
        signal: late.signal,
        redirect: 'error',
        headers: { accept: 'application/jwk-set+json, application/json' },
      });
      if (response.status !== 200 || response.body === null) throw new Error(`status ${response.status}`);
      return await boundedText(response.body);
    } catch (error) {
      if (late.signal.aborted) throw new Error(`no whole answer within ${deadlineMs} ms`, { cause: error });
      // What undici says is that it failed; its cause says why.
      throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
    } finally {
      cancel();
      late.abort();
    }
  };
}

async function boundedText(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new Error(`more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
