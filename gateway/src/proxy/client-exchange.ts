import { statusLine, chunkStart, chunksEnd, fieldLines } from '../wire/message-writer.ts';
import type { BodySource } from '../wire/body-source.ts';
import type { Fields } from '../wire/fields.ts';
import type { RequestHead as WireHead } from '../wire/request-head.ts';
import type { AnswerQueue, QueuedAnswer } from './answer-queue.ts';
import { type BodyRooms, HeldBody } from './body-room.ts';
import type { Answer, Exchange, RequestHead } from './exchange.ts';
import { HeldAnswer } from './held-answer.ts';
import type { TunnelRule } from './message-gate.ts';
import type { Refusal } from './refusal.ts';
import type { RequestBody } from './request-body.ts';
import type { TunnelEnd } from './framed-tunnel.ts';
import { Tunnel } from './tunnel.ts';

/** Pieces of an answer up to this size leave together, as one text. */
const gatheredBytesMax = 4096;

const nothing = (): void => {};

/** What an exchange needs of its connection. */
export interface ExchangeConnection {
  readonly answers: AnswerQueue<ClientExchange>;
  /** It ends with this answer, whatever the request said. */
  readonly ending: boolean;
  /** Now, as a Date field has it. */
  readonly date: string;
  readonly bodyRooms: BodyRooms;
  destroy(): void;
  release(): TunnelEnd;
}

/** A protocol change whose turn comes. */
interface Joining {
  readonly head: string;
  readonly backend: TunnelEnd;
  readonly rule: TunnelRule | undefined;
}

/** An exchange over a client's connection. Answers leave in the order of their requests: one whose turn hasn't come is held. */
export class ClientExchange implements Exchange, QueuedAnswer {
  readonly head: RequestHead;
  readonly startedAtMs: number;
  status: number | undefined;
  over = false;
  bytesOut = 0;
  onDrain: () => void = nothing;
  onBodyFailure: (refusal: Refusal) => void = nothing;
  onOver: (end: { readonly aborted: boolean }) => void = nothing;

  /** The connection ends after this answer. */
  closes: boolean;
  finished = false;
  readonly body: RequestBody | undefined;
  readonly #connection: ExchangeConnection;
  readonly #wire: Pick<WireHead, 'minorVersion' | 'expectsContinue'>;
  #inChunks = false;
  /** What leaves with the next piece. */
  #gathered = '';
  readonly #held = new HeldAnswer();
  #heldBody: HeldBody | undefined;
  #needsDrain = false;
  #saidContinue = false;
  /** What is to be joined once it is this exchange's turn. */
  #joins: Joining | undefined;
  #tunnel: Tunnel | undefined;

  constructor(parts: {
    readonly connection: ExchangeConnection;
    readonly head: RequestHead;
    readonly body: RequestBody | undefined;
    readonly wire: Pick<WireHead, 'minorVersion' | 'expectsContinue' | 'keepsAlive'>;
    readonly startedAtMs: number;
  }) {
    this.#connection = parts.connection;
    this.head = parts.head;
    this.body = parts.body;
    this.closes = !parts.wire.keepsAlive || parts.head.upgrade !== undefined;
    this.#wire = parts.wire;
    this.startedAtMs = parts.startedAtMs;
  }

  get bytesIn(): number {
    return this.#tunnel?.bytesIn ?? this.body?.bytes ?? 0;
  }

  openBody(): BodySource | undefined {
    const { body } = this;
    if (this.over || body === undefined) return undefined;
    if (this.#wire.expectsContinue && body.bytes === 0) this.interim(100, []);
    this.#saidContinue = true;
    return body;
  }

  holdBody(room: keyof BodyRooms): HeldBody {
    this.#heldBody ??= new HeldBody(this.#connection.bodyRooms[room]);
    if (this.over) this.#heldBody.giveUp();
    return this.#heldBody;
  }

  interim(status: number, fields: Fields): void {
    if (this.over || this.status !== undefined || this.#wire.minorVersion === 0) return;
    this.#gathered += `${statusLine(status)}${fieldLines(fields)}\r\n`;
    this.flush();
  }

  answer({ status, fields, body, closes }: Answer): void {
    if (this.over) return;
    if (closes) this.closes = true;
    this.#writeHead(status, fields, true);
    if (this.head.method !== 'HEAD') {
      const bytes = Buffer.byteLength(body);
      this.bytesOut += bytes;
      this.#gathered += bytes === body.length ? body : Buffer.from(body).toString('latin1');
    }
    this.#finish();
  }

  start(status: number, fields: Fields): void {
    if (this.over) return;
    this.#writeHead(status, fields, false);
  }

  write(bytes: Buffer): boolean {
    // An empty chunk would be the last one.
    if (this.over || bytes.length === 0) return true;
    this.bytesOut += bytes.length;
    if (this.#inChunks) this.#gathered += chunkStart(bytes.length);
    if (this.#gathered.length + bytes.length <= gatheredBytesMax) this.#gathered += bytes.toString('latin1');
    else {
      this.#sendCopy(this.#gathered, bytes);
      this.#gathered = '';
    }
    if (this.#inChunks) this.#gathered += '\r\n';
    return !this.#needsDrain;
  }

  flush(): void {
    if (this.over || this.#gathered === '') return;
    const text = this.#gathered;
    this.#gathered = '';
    const { answers } = this.#connection;
    if (!answers.hasTurn(this)) this.#hold([text]);
    else if (!answers.writeText(text)) this.#needsDrain = true;
  }

  finish(trailers: Fields): void {
    if (this.over) return;
    if (this.#inChunks) this.#gathered += chunksEnd(trailers);
    this.#finish();
  }

  join(fields: Fields, backend: TunnelEnd, rule: TunnelRule | undefined): void {
    if (this.over) {
      backend.socket.destroy();
      return;
    }
    this.status = 101;
    const upgrade = ['Connection', 'Upgrade', 'Upgrade', this.head.upgrade ?? ''];
    this.#joins = {
      head: `${statusLine(101)}${fieldLines(fields)}${fieldLines(upgrade)}\r\n`,
      backend,
      rule,
    };
    if (this.#connection.answers.hasTurn(this)) this.#join(this.#joins);
  }

  cut(): void {
    this.#connection.destroy();
  }

  takeTurn(): void {
    if (this.#joins !== undefined) this.#join(this.#joins);
    const held = this.#held.take();
    if (held.length > 0 && this.#connection.answers.write(held)) this.drained();
  }

  drained(): void {
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    this.onDrain();
  }

  end(aborted: boolean): void {
    if (this.over) return;
    this.over = true;
    this.#heldBody?.giveUp();
    this.#joins?.backend.socket.destroy();
    if (this.#tunnel !== undefined) this.bytesOut = this.#tunnel.bytesOut;
    // A tunnel has no end of its own that could be missed.
    this.onOver({ aborted: aborted && this.#tunnel === undefined });
  }

  #join({ head, backend, rule }: Joining): void {
    this.#joins = undefined;
    this.#connection.answers.write([...this.#held.take(), head]);
    this.#tunnel = new Tunnel(this.#connection.release(), backend, rule);
  }

  /** The rest of the request's body won't come. */
  failBody(refusal: Refusal): void {
    if (this.over || this.status !== undefined) this.cut();
    else this.onBodyFailure(refusal);
  }

  #writeHead(status: number, fields: Fields, ownBody: boolean): void {
    this.status = status;
    let hasLength = ownBody || this.head.method === 'HEAD' || status === 204 || status === 304;
    let hasDate = false;
    for (let at = 0; at < fields.length; at += 2) {
      const name = fields[at] ?? '';
      if (name.length === 14) hasLength ||= name.toLowerCase() === 'content-length';
      else if (name.length === 4) hasDate ||= name.toLowerCase() === 'date';
    }
    const { minorVersion } = this.#wire;
    this.#inChunks = !hasLength && minorVersion === 1;
    this.closes ||= this.#connection.ending || this.#awaitedContinue || !(hasLength || this.#inChunks);
    let text = statusLine(status) + fieldLines(fields);
    // RFC 9110, section 6.6.1: who forwards an answer without its date adds it.
    if (!hasDate) text += `Date: ${this.#connection.date}\r\n`;
    if (this.#inChunks) text += 'Transfer-Encoding: chunked\r\n';
    if (this.closes) text += 'Connection: close\r\n';
    else if (minorVersion === 0) text += 'Connection: keep-alive\r\n';
    this.#gathered += `${text}\r\n`;
  }

  /** A client that wasn't told to go on may send its body or not: what comes next couldn't be told apart. */
  get #awaitedContinue(): boolean {
    return this.#wire.expectsContinue && !this.#saidContinue && this.body?.complete === false;
  }

  #finish(): void {
    this.finished = true;
    this.flush();
    this.#connection.answers.finished(this);
  }

  /** Hands bytes to the connection, or keeps them until it is this exchange's turn. */
  #sendCopy(text: string, bytes: Buffer): void {
    const { answers } = this.#connection;
    if (!answers.hasTurn(this)) this.#hold([text, Buffer.from(bytes)]);
    else if (!answers.writeCopy(text, bytes)) this.#needsDrain = true;
  }

  #hold(pieces: readonly (string | Buffer)[]): void {
    if (!this.#held.add(pieces)) this.#needsDrain = true;
  }
}
