import { createServer, request, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { lowerNames, noReading, type Message, type Reading } from './reading.ts';

/*
 * `node:http` (llhttp) as an oracle: what it makes of the same bytes, told by its public API. A connection is a stream in
 * memory; bodies are taken where the parser pushes them, so that a piece is read to its end before `push` returns.
 */

/** A connection's end in memory. What is written to it goes nowhere. */
class Line extends Duplex {
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  override _read(): void {}
  override _write(_bytes: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

/** One stream to read. */
export interface Stream {
  readonly pieces: readonly Buffer[];
  /** Of the request that a response answers. */
  readonly method?: string;
  readonly ends?: boolean;
}

const readings = new WeakMap<object, Reading>();
/** What the parser makes of a connection that is given up doesn't count. */
const over = new WeakSet<Reading>();

/** Reads clients' bytes as a server. */
export class RequestOracle {
  readonly #server: Server = createServer({
    requireHostHeader: false,
    maxHeaderSize: 64 * 1024,
    requestTimeout: 0,
    headersTimeout: 0,
    keepAliveTimeout: 0,
    connectionsCheckingInterval: 2 ** 31 - 1,
  });

  constructor() {
    this.#server.maxHeadersCount = 0;
    const begin = (incoming: IncomingMessage): void => {
      const { method, url, httpVersionMajor, httpVersionMinor } = incoming;
      const minor =
        httpVersionMajor === 1 ? String(httpVersionMinor) : `?${httpVersionMajor}.${httpVersionMinor}`;
      follow(incoming, readings.get(incoming.socket)!, `${method} ${url} ${minor}`);
    };
    for (const event of ['request', 'checkContinue', 'checkExpectation']) this.#server.on(event, begin);
    this.#server.on('connect', (incoming: IncomingMessage) => {
      begin(incoming);
      Object.assign(readings.get(incoming.socket)!, { end: 'switched', why: 'CONNECT' });
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      reject(readings.get(socket)!, error);
    });
  }

  async read(streams: readonly Stream[]): Promise<Reading[]> {
    const lines = streams.map(() => {
      const line = new Line();
      readings.set(line, noReading());
      this.#server.emit('connection', line);
      line.on('error', () => {});
      return line;
    });
    await nextTurn();
    const found = lines.map((line, at) => feed(line, streams[at]!, readings.get(line)!));
    for (const line of lines) line.destroy();
    await nextTurn();
    return found;
  }
}

/** Reads backends' bytes as the client of one request on each connection. */
export async function readAnswers(streams: readonly Stream[]): Promise<Reading[]> {
  const lines = streams.map(({ method = 'GET' }) => {
    const line = new Line();
    const reading = noReading();
    readings.set(line, reading);
    answerTo(method, line)
      .on('information', ({ statusCode, rawHeaders }) => {
        const fields = lowerNames(rawHeaders);
        reading.messages.push({ start: String(statusCode), fields, body: '', trailers: [], complete: true });
      })
      .on('upgrade', ({ statusCode, rawHeaders }) => {
        const fields = lowerNames(rawHeaders);
        reading.messages.push({ start: String(statusCode), fields, body: '', trailers: [], complete: false });
        Object.assign(reading, { end: 'switched', why: 'upgrade' });
      })
      .on('response', (incoming) => {
        incoming.on('error', () => {});
        follow(incoming, reading, String(incoming.statusCode));
      })
      .on('error', (error: NodeJS.ErrnoException) => {
        if (error.code?.startsWith('HPE_') === true) reject(reading, error);
      })
      .end();
    return line;
  });
  await nextTurn();
  const found = lines.map((line, at) => feed(line, streams[at]!, readings.get(line)!));
  for (const [at, line] of lines.entries()) {
    if (streams[at]!.ends === true) line.push(null);
    else over.add(found[at]!);
  }
  await nextTurn();
  for (const line of lines) line.destroy();
  await nextTurn();
  return found;
}

function answerTo(method: string, line: Line): ClientRequest {
  const connection = line as unknown as Socket;
  return request({ method, host: 'backend', maxHeaderSize: 64 * 1024, createConnection: () => connection });
}

/** Takes the body where the parser gives it, before any stream's turn. */
function follow(incoming: IncomingMessage, reading: Reading, start: string): void {
  const fields = lowerNames(incoming.rawHeaders);
  const message: Message = { start, fields, body: '', trailers: [], complete: false };
  reading.messages.push(message);
  incoming.push = (chunk: Buffer | null): boolean => {
    if (over.has(reading)) return true;
    if (chunk === null) {
      message.trailers = lowerNames(incoming.rawTrailers);
      message.complete = incoming.complete;
    } else message.body += chunk.toString('latin1');
    return true;
  };
}

function reject(reading: Reading, error: NodeJS.ErrnoException): void {
  if (reading.end === 'open') Object.assign(reading, { end: 'rejected', why: error.code ?? error.message });
}

function feed(line: Line, { pieces }: Stream, reading: Reading): Reading {
  for (const piece of pieces) {
    if (reading.end !== 'open' || line.destroyed) break;
    line.push(Buffer.from(piece));
    if (reading.end === 'open')
      reading.completeAfter.push(reading.messages.filter(({ complete }) => complete).length);
  }
  return reading;
}
