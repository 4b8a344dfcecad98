import type { Socket } from 'node:net';
import type { Clock } from '../../limits/clock.ts';
import type { GatewayId } from '../../limits/claim.ts';
import { frameBytesMax, FrameReader, writeFrame } from './frames.ts';
import { helloOf, isProof, makeHello, proof, type Hello, type Side } from './handshake.ts';
import type { Self } from './membership.ts';
import { messageOf, type Message } from './messages.ts';

export interface ConnectionEvents {
  /** The other side has said its hello, whatever that is worth. */
  greeted(): void;
  /** The other side has proved that it knows the secret. */
  proved(by: Hello): void;
  received(message: Message): void;
  /** Once; without a reason when either side simply closed it. */
  ended(why: string | undefined): void;
}

/** A stranger can make us keep no more than this. */
const helloBytesMax = 4096;
const handshakeMsMax = 2000;
/** A member that reads so slowly is of no use. */
const unsentBytesMax = 64 * 1024 * 1024;

/** One connection to another member, from its first byte on: nothing that it says counts before it has proved that it belongs here. */
export class MemberConnection {
  readonly side: Side;
  readonly #socket: Socket;
  readonly #secret: string;
  readonly #domain: string;
  readonly #events: ConnectionEvents;
  readonly #mine: Hello;
  readonly #reader = new FrameReader();
  readonly #cancelDeadline: () => void;
  #theirs: Hello | undefined;
  #proved = false;
  #why: string | undefined;

  constructor(
    socket: Socket,
    parts: {
      readonly side: Side;
      readonly self: Self;
      readonly domain: string;
      readonly secret: string;
      readonly clock: Clock;
      readonly events: ConnectionEvents;
    },
  ) {
    this.side = parts.side;
    this.#socket = socket;
    this.#secret = parts.secret;
    this.#domain = parts.domain;
    this.#events = parts.events;
    this.#mine = makeHello(parts.self, parts.domain);
    this.#cancelDeadline = parts.clock.after(handshakeMsMax, () =>
      this.end('it took too long to prove who it is'),
    );
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => {
      this.#why = error.message;
    });
    socket.once('close', () => {
      this.#cancelDeadline();
      this.#events.ended(this.#why);
    });
    writeFrame(socket, this.#mine);
  }

  /** Who is on the other side, once that is proved. */
  get peer(): GatewayId | undefined {
    return this.#proved ? this.#theirs?.id : undefined;
  }

  send(message: Message): void {
    if (this.#socket.writableLength > unsentBytesMax) this.end('it reads too slowly');
    else writeFrame(this.#socket, message);
  }

  /** Ends at once. */
  end(why: string): void {
    this.#why = why;
    this.#socket.destroy();
  }

  /** Ends when everything is sent; resolves then. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.once('close', () => resolve()).end();
    });
  }

  #read(chunk: Buffer): void {
    try {
      for (const value of this.#reader.read(chunk, this.#proved ? frameBytesMax : helloBytesMax)) {
        if (this.#socket.destroyed) return;
        this.#hear(value);
      }
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error));
    }
  }

  #hear(value: unknown): void {
    if (this.#theirs === undefined) this.#greet(value);
    else if (this.#proved) {
      const message = messageOf(value);
      if (message === undefined) this.end('it sent something that is no message');
      else this.#events.received(message);
    } else if (isProof(value, this.#proofBy(this.side === 'caller' ? 'called' : 'caller', this.#theirs))) {
      this.#proved = true;
      this.#cancelDeadline();
      this.#events.proved(this.#theirs);
    } else this.end('it does not know the secret');
  }

  #greet(value: unknown): void {
    const said = helloOf(value, this.#domain);
    if ('why' in said) {
      this.end(said.why);
      return;
    }
    this.#theirs = said;
    this.#events.greeted();
    writeFrame(this.#socket, this.#proofBy(this.side, said));
  }

  #proofBy(by: Side, theirs: Hello): string {
    const [caller, called] = this.side === 'caller' ? [this.#mine, theirs] : [theirs, this.#mine];
    return proof(this.#secret, by, caller, called);
  }
}
