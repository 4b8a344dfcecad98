import type { Socket } from 'node:net';
import type { BodySource, BodyTaker } from '../wire/body-source.ts';
import { chunkStart, fieldLines, lastChunk, requestLine } from '../wire/message-writer.ts';
import type { Outbox, Sender } from '../wire/outbox.ts';
import type { BackendRequest } from './backend-call.ts';
import { usuallyHasBody } from './method-traits.ts';
import type { PooledCall } from './pooled-call.ts';

/** Up to here one string is cheaper to write than its pieces. */
const gluedBytesMax = 2048;

const noBody = 'content-length: 0\r\n\r\n';

/**
 * Writes the requests of a connection, one after the other; their bodies as fast as the backend takes them. What a request begins
 * with leaves at the end of the turn.
 */
export class RequestWriter implements BodyTaker, Sender {
  /** Grows with everything the body's source or the backend does. */
  moves = 0;
  /** The one write of a whole request failed at once: nothing of it left this machine. */
  unsent = false;
  readonly #socket: Socket;
  readonly #hostLine: string;
  readonly #outbox: Outbox;
  /** Whose text waits for the end of the turn. */
  #call: PooledCall | undefined;
  /** Whose end hasn't come. */
  #source: BodySource | undefined;
  #inChunks = false;
  /** Not written yet, while the source gives what it has: `glue` into one write, or `cork` what is more than that. */
  #gathers: 'glue' | 'cork' | undefined;
  #text = '';
  #full = false;

  constructor(socket: Socket, hostLine: string, outbox: Outbox) {
    this.#socket = socket;
    this.#hostLine = hostLine;
    this.#outbox = outbox;
  }

  /** Nothing of the request was written yet. */
  get waits(): boolean {
    return this.#call !== undefined;
  }

  /** Whether the request is written to its end, as far as its socket took it. */
  get done(): boolean {
    return this.#source === undefined;
  }

  write(call: PooledCall): void {
    const { request } = call;
    this.unsent = false;
    if (call.message !== '') this.#text = call.message;
    else if (request.body !== undefined) this.#writeBody(request, request.body);
    else this.#text = `${this.#head(request)}${usuallyHasBody(request.method) ? noBody : '\r\n'}`;
    if (this.#text === '' || this.#socket.destroyed) return;
    this.#call = call;
    this.#outbox.add(this);
  }

  send(): void {
    const call = this.#call;
    if (call === undefined) return;
    this.#call = undefined;
    const text = this.#flush();
    this.unsent = this.done && this.#socket.errored !== null;
    if (this.unsent) call.message = text;
  }

  /** Gives a request of which nothing was written back to its call, if it is there as a whole. */
  takeBack(): boolean {
    const call = this.#call;
    if (call === undefined || !this.done) return false;
    this.#call = undefined;
    call.message = this.#text;
    this.#text = '';
    return true;
  }

  /** Nothing more is written of a body whose end hasn't come. */
  stop(): void {
    this.#call = undefined;
    const source = this.#source;
    this.#source = undefined;
    source?.stop();
  }

  /** The backend takes more. */
  drained(): void {
    this.moves += 1;
    if (!this.#full) return;
    this.#full = false;
    this.#source?.resume();
  }

  data(bytes: Buffer): boolean {
    if (this.#source === undefined || bytes.length === 0) return true;
    this.moves += 1;
    this.send();
    const isSmall = this.#text.length + bytes.length <= gluedBytesMax;
    if (this.#gathers === 'glue' && isSmall) {
      this.#text += this.#glued(bytes);
      return true;
    }
    if (this.#gathers === 'glue') {
      this.#gathers = 'cork';
      this.#socket.cork();
      this.#flush();
    }
    const takesMore = this.#writeData(bytes);
    this.#full = !takesMore;
    return takesMore;
  }

  end(): void {
    if (this.#source === undefined) return;
    this.moves += 1;
    this.#source = undefined;
    if (!this.#inChunks) return;
    this.send();
    if (this.#gathers === 'glue') this.#text += lastChunk;
    else this.#socket.write(lastChunk, 'latin1');
  }

  #head({ method, path, fields, upgrade }: BackendRequest): string {
    const head = `${requestLine(method, path)}${this.#hostLine}${fieldLines(fields)}`;
    return upgrade === undefined ? head : `${head}connection: upgrade\r\nupgrade: ${upgrade}\r\n`;
  }

  #writeBody(request: BackendRequest, body: BodySource): void {
    this.#source = body;
    this.#full = false;
    this.#inChunks = body.length === 'unknown';
    this.#text = `${this.#head(request)}${this.#inChunks ? 'transfer-encoding: chunked\r\n\r\n' : '\r\n'}`;
    this.#gathers = 'glue';
    body.start(this);
    this.#leaveGathering();
  }

  #leaveGathering(): void {
    if (this.#gathers === 'cork') this.#socket.uncork();
    this.#gathers = undefined;
  }

  #writeData(bytes: Buffer): boolean {
    if (!this.#inChunks) return this.#socket.write(bytes);
    if (bytes.length <= gluedBytesMax) return this.#socket.write(this.#glued(bytes), 'latin1');
    this.#socket.cork();
    this.#socket.write(chunkStart(bytes.length), 'latin1');
    this.#socket.write(bytes);
    const takesMore = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return takesMore;
  }

  #glued(bytes: Buffer): string {
    const data = bytes.toString('latin1');
    return this.#inChunks ? `${chunkStart(bytes.length)}${data}\r\n` : data;
  }

  #flush(): string {
    const text = this.#text;
    this.#text = '';
    this.#socket.write(text, 'latin1');
    return text;
  }
}
