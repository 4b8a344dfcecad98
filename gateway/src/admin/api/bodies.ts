import type { Context } from 'hono';
import { ApiError } from './api-error.ts';
import { parsePayload, type Payload } from './payload.ts';

/** A policy is a file of the home, and these are no longer. */
const bodyBytesMax = 1024 * 1024;

/** The body as a JSON object. Throws `ApiError`: 400, 413, 415. */
export async function jsonBody(context: Context): Promise<Payload> {
  if (mediaTypeOf(context) !== 'application/json') throw new ApiError(415, 'This takes application/json.');
  return parsePayload(asText(await bodyBytes(context)));
}

/** The media type of the body in lower case, without parameters. */
export function mediaTypeOf(context: Context): string {
  return (context.req.header('content-type') ?? '').replace(/;.*$/s, '').trim().toLowerCase();
}

/** The whole body. Throws `ApiError`: 413 as soon as it is too long, 400 when it ends early. */
export async function bodyBytes(context: Context): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(context.req.header('content-length') ?? 0) > bodyBytesMax) throw tooLarge();
  const body: AsyncIterable<Uint8Array> | null = context.req.raw.body;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of body ?? []) {
      bytes += part.byteLength;
      if (bytes > bodyBytesMax) throw tooLarge();
      parts.push(part);
    }
  } catch (error) {
    // Whatever else can happen here has happened to the connection.
    throw error instanceof ApiError ? error : new ApiError(400, 'The body ended early.');
  }
  return new Uint8Array(Buffer.concat(parts));
}

function tooLarge(): ApiError {
  return new ApiError(413, `The body is longer than ${bodyBytesMax} bytes.`);
}

export function asText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError(400, 'The body is not UTF-8 text.');
  }
}

/** JSON for a client that takes it. Throws `ApiError` with status 406; a change has been made by then, so ask `requireAccepted` before. */
export function json(status: number, body: Payload, fields: Readonly<Record<string, string>> = {}): Response {
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...fields };
  return new Response(JSON.stringify(body), { status, headers });
}

/** Throws `ApiError` with status 406 unless the client takes the media type. */
export function requireAccepted(context: Context, mediaType: string): void {
  const accept = context.req.header('accept');
  if (accept === undefined || accept.trim() === '') return;
  const group = mediaType.replace(/\/.*$/, '/*');
  const isTaken = accept.split(',').some((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const isRefused = parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter));
    return !isRefused && (name === '*/*' || name === group || name === mediaType);
  });
  if (!isTaken) throw new ApiError(406, `This answers with ${mediaType}.`);
}
