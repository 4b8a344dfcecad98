import { BodyReader } from '../../src/wire/body-reader.ts';
import type { ChunkRules } from '../../src/wire/chunk-reader.ts';
import { HeadCollector } from '../../src/wire/head-collector.ts';
import { readRequestHead, type RequestHeadRules } from '../../src/wire/request-head.ts';
import { readResponseHead } from '../../src/wire/response-head.ts';

/** A message as a reader understood it, one character per byte. */
export interface Message {
  /** Method, target and minor version, or status. */
  readonly start: string;
  readonly fields: readonly string[];
  body: string;
  trailers: readonly string[];
  complete: boolean;
}

/** What a reader made of a stream of bytes. */
export interface Reading {
  readonly messages: Message[];
  /**
   * `open`: more may come; `rejected`: no message; `declined`: a message, but one that is taken no further; `closed`: the last
   * message was the connection's last; `switched`: what follows isn't HTTP any more.
   */
  end: 'open' | 'rejected' | 'declined' | 'closed' | 'switched';
  /** Why not `open`. */
  why: string;
  /** Where the message starts with which reading ended. */
  startedAt: number;
  /** How many messages were complete after each piece that was read to its end. */
  readonly completeAfter: number[];
}

export const rules: RequestHeadRules & ChunkRules & { readonly headBytesMax: number } = {
  headBytesMax: 16 * 1024,
  fieldsMax: 100,
  extensionBytesMax: 4096,
  trailerBytesMax: 8192,
};

export function noReading(): Reading {
  return { messages: [], end: 'open', why: '', startedAt: 0, completeAfter: [] };
}

/** Reads a client's bytes with `wire/`. */
export function readRequests(pieces: readonly Buffer[], given: Partial<typeof rules> = {}): Reading {
  const all = { ...rules, ...given };
  return read(pieces, all, (text) => {
    const head = readRequestHead(text, all);
    if (head === undefined) return 'rejected';
    const { method, target, minorVersion, fields, bodyBytes, keepsAlive } = head;
    // What follows a request for another protocol may be that protocol.
    const flaw = head.flaw ?? (head.upgrade === undefined ? undefined : 'upgrade');
    return {
      message: messageOf(`${method} ${target} ${minorVersion}`, fields),
      body: bodyBytes === 'unknown' ? 'chunked' : bodyBytes,
      next: flaw !== undefined ? 'declined' : keepsAlive ? 'more' : 'closed',
      why: flaw ?? 'the client wants no further request',
    };
  });
}

/** Reads a backend's answer to one request of that method with `wire/`. */
export function readResponse(
  pieces: readonly Buffer[],
  { method = 'GET', ends = false, ...given }: ResponseOptions = {},
): Reading {
  const all = { ...rules, ...given };
  const reading = read(pieces, all, (text) => {
    const head = readResponseHead(text, method, all);
    if (head === undefined) return 'rejected';
    const interim = head.status < 200 && head.status !== 101;
    return {
      message: messageOf(String(head.status), head.fields),
      body: head.body,
      next: head.status === 101 ? 'switched' : interim ? 'more' : 'closed',
      why: head.keepsAlive ? 'the answer is complete' : 'the answer ends the connection',
    };
  });
  const last = reading.messages.at(-1);
  if (ends && last?.complete === false && reading.end === 'open' && endsWithConnection.get(last) === true)
    last.complete = true;
  return reading;
}

export interface ResponseOptions extends Partial<typeof rules> {
  readonly method?: string;
  /** Whether the backend ends the connection behind the bytes. */
  readonly ends?: boolean;
}

/** Reads what one side of a connection sent. */
export function readStream(stream: {
  readonly side: 'request' | 'response';
  readonly pieces: readonly Buffer[];
  readonly method: string;
  readonly ends: boolean;
}): Reading {
  const { side, pieces, method, ends } = stream;
  return side === 'request' ? readRequests(pieces) : readResponse(pieces, { method, ends });
}

function messageOf(start: string, fields: readonly string[]): Message {
  return { start, fields: lowerNames(fields), body: '', trailers: [], complete: false };
}

export function lowerNames(fields: readonly string[]): string[] {
  return fields.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text));
}

interface Head {
  readonly message: Message;
  readonly body: number | 'chunked' | 'until-close';
  readonly next: 'more' | 'closed' | 'declined' | 'switched';
  readonly why: string;
}

const endsWithConnection = new WeakMap<Message, boolean>();

/** Reads as a connection would: heads and bodies in turn, as long as they can be read. */
function read(
  pieces: readonly Buffer[],
  all: typeof rules,
  headOf: (text: string) => Head | 'rejected',
): Reading {
  const reading = noReading();
  const heads = new HeadCollector(all.headBytesMax);
  let current: { readonly head: Head; readonly body: BodyReader } | undefined;
  let readBytes = 0;
  const stop = (end: Reading['end'], why: string): Reading => Object.assign(reading, { end, why });

  for (const piece of pieces) {
    // A body's bytes are moved together in place, so each reading has its own.
    const bytes = Buffer.from(piece);
    let at = 0;
    while (at < bytes.length || current?.body.done === true) {
      if (current === undefined) {
        if (!heads.begun) reading.startedAt = readBytes + at;
        const found = heads.find(bytes, at);
        if (found === 'incomplete') break;
        if (typeof found === 'string') return stop('rejected', found);
        const head = headOf(found.text);
        if (head === 'rejected') return stop('rejected', 'head');
        at = found.end;
        reading.messages.push(head.message);
        if (head.next === 'declined' || head.next === 'switched') return stop(head.next, head.why);
        current = { head, body: new BodyReader(head.body, all) };
        endsWithConnection.set(head.message, current.body.endsWithConnection);
      }
      const { head, body } = current;
      const part = body.read(bytes, at);
      head.message.body += part.data.toString('latin1');
      at = part.end;
      if (body.flawed) return stop('rejected', 'chunks');
      if (!body.done) continue;
      head.message.trailers = lowerNames(body.trailers);
      head.message.complete = true;
      current = undefined;
      if (head.next === 'closed') {
        reading.completeAfter.push(reading.messages.length);
        return stop('closed', head.why);
      }
    }
    readBytes += bytes.length;
    reading.completeAfter.push(reading.messages.filter(({ complete }) => complete).length);
  }
  return reading;
}
