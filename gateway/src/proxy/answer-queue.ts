import type { Socket } from 'node:net';
import type { Outbox, Sender } from '../wire/outbox.ts';
import type { LentCopies } from './lent-copies.ts';

/** An answer as its queue sees it. */
export interface QueuedAnswer {
  /** Everything was said; some of it may still have to leave. */
  readonly finished: boolean;
  /** The answers before this one have left. */
  takeTurn(): void;
  /** The client takes more. */
  drained(): void;
  /** The end: everything has left, or nothing more will. */
  end(aborted: boolean): void;
}

/** Texts wait for the end of the turn up to this length. */
const unsentCharsMax = 16 * 1024;

/** The answers on one connection. They leave in the order of their requests (RFC 9112, section 9.3.2). */
export class AnswerQueue<Queued extends QueuedAnswer> implements Sender {
  readonly #socket: Socket;
  /** Answers that haven't left. The first one has the connection, the others hold theirs. */
  readonly #waiting: Queued[] = [];
  readonly #answered: (answer: Queued) => void;
  readonly #copies: LentCopies;
  readonly #outbox: Outbox;
  /** What leaves at the end of this turn. */
  #unsent = '';
  /** Answers that end with it. */
  readonly #ending: Queued[] = [];

  /** `answered` is told of each answer that was handed to the connection. */
  constructor(
    socket: Socket,
    { copies, outbox }: { readonly copies: LentCopies; readonly outbox: Outbox },
    answered: (answer: Queued) => void,
  ) {
    this.#socket = socket;
    this.#copies = copies;
    this.#outbox = outbox;
    this.#answered = answered;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(answer: Queued): void {
    this.#waiting.push(answer);
  }

  hasTurn(answer: Queued): boolean {
    return this.#waiting[0] === answer;
  }

  /** False when the client should take some of it before more is written. */
  write(pieces: readonly (string | Buffer)[]): boolean {
    this.send();
    const socket = this.#socket;
    socket.cork();
    let goesOn = true;
    for (const piece of pieces) {
      goesOn = typeof piece === 'string' ? socket.write(piece, 'latin1') : socket.write(piece);
    }
    socket.uncork();
    return goesOn;
  }

  /** The same for text and bytes behind it that are the caller's again afterwards. */
  writeCopy(text: string, bytes: Buffer): boolean {
    this.send();
    const socket = this.#socket;
    const { copy, giveBack } = this.#copies.copy(bytes);
    socket.cork();
    if (text !== '') socket.write(text, 'latin1');
    const goesOn = socket.write(copy, giveBack);
    socket.uncork();
    return goesOn;
  }

  /** The same for what most answers are: it leaves at the end of this turn. */
  writeText(text: string): boolean {
    if (this.#unsent === '') this.#outbox.add(this);
    this.#unsent += text;
    return this.#unsent.length < unsentCharsMax || this.#send();
  }

  /** Nothing that was written waits any longer. */
  send(): void {
    if (this.#unsent !== '') this.#send();
    for (const answer of this.#ending.splice(0)) this.#endOnceTaken(answer);
  }

  /** An answer is finished. If it has its turn, so have those behind it that were held. */
  finished(answer: Queued): void {
    let first: Queued | undefined = answer;
    while (first?.finished === true && this.hasTurn(first)) {
      this.#waiting.shift();
      this.#endOnceSent(first);
      this.#answered(first);
      first = this.#waiting[0];
      first?.takeTurn();
    }
  }

  drained(): void {
    this.#waiting[0]?.drained();
  }

  /** The connection is over: no further answer will leave. */
  abort(): void {
    this.send();
    for (const answer of this.#waiting.splice(0)) answer.end(true);
  }

  #send(): boolean {
    const text = this.#unsent;
    this.#unsent = '';
    return this.#socket.write(text, 'latin1');
  }

  #endOnceSent(answer: Queued): void {
    if (this.#unsent === '') this.#endOnceTaken(answer);
    else this.#ending.push(answer);
  }

  #endOnceTaken(answer: Queued): void {
    if (this.#socket.writableLength === 0 && !this.#socket.destroyed) answer.end(false);
    else this.#socket.write('', (error) => answer.end(error instanceof Error));
  }
}
