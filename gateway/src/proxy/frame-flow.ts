import type { Socket } from 'node:net';
import { type FrameHead, FrameReader, opcodes } from '../wire/frame-reader.ts';
import { textFrame } from '../wire/frame-writer.ts';
import { frameErrors } from './frame-errors.ts';
import type { MessageGate, Passage } from './message-gate.ts';
import { SeenMessage } from './seen-message.ts';

/** What a flow needs beside its own two sockets. */
export interface FlowOwner {
  /** Says something to the client beside what flows; false when it should drain first, and `goOn` is called then. */
  tellClient(frame: Buffer, goOn: () => void): boolean;
  /** What comes isn't a WebSocket's, or too large to be looked at: everything ends, with this code. */
  fail(code: number): void;
  /** Nothing of a message is under way to the receiving side any more. */
  idle(): void;
}

const nothing: Buffer = Buffer.alloc(0);

interface Direction {
  readonly from: Socket;
  readonly to: Socket;
  readonly sender: 'client' | 'backend';
}

/**
 * One direction of a WebSocket whose messages are counted: each goes on when the gate lets it, in the frames in which it came,
 * or is dropped as a whole. Frames of control go on at once. What comes meanwhile waits in its socket.
 */
export class FrameFlow {
  readonly #way: Direction;
  readonly #gate: MessageGate;
  readonly #owner: FlowOwner;
  readonly #reader: FrameReader;
  #bytes = nothing;
  #at = 0;
  /** The frame whose payload comes. */
  #frame: FrameHead | undefined;
  /** What becomes of the message under way. */
  #fate: 'goes on' | 'is dropped' | 'is seen' | undefined;
  #seen: SeenMessage | undefined;
  #deciding = false;
  #stopped = false;
  /** Somebody has to drain before more may come. */
  #full = false;
  #out: Buffer[] = [];

  constructor(way: Direction, gate: MessageGate, owner: FlowOwner) {
    this.#way = way;
    this.#gate = gate;
    this.#owner = owner;
    this.#reader = new FrameReader({ masked: way.sender === 'client' });
  }

  /** A frame has begun to the receiving side and isn't complete. */
  get inFrame(): boolean {
    return this.#frame !== undefined && this.#goesOn(this.#frame);
  }

  /** A message has, so that no other may be slipped in. */
  get inMessage(): boolean {
    return this.inFrame || this.#fate === 'goes on';
  }

  readonly take = (bytes: Buffer): void => {
    if (this.#stopped) return;
    this.#bytes = bytes;
    this.#at = 0;
    this.#advance();
  };

  /** What comes from now on is thrown away. */
  stop(): void {
    this.#stopped = true;
    this.#way.from.resume();
  }

  #advance(): void {
    while (this.#at < this.#bytes.length && !this.#waits && !this.#stopped) this.#step();
    this.#flush();
    this.#pace();
  }

  #step(): void {
    const from = this.#at;
    const step = this.#reader.next(this.#bytes, from);
    switch (step.kind) {
      case 'more':
        this.#at = this.#bytes.length;
        break;
      case 'flawed':
        this.#fail(1002);
        break;
      case 'head':
        this.#at = step.end;
        this.#begin(step.head);
        break;
      case 'payload':
        this.#at = step.end;
        this.#payload(this.#bytes.subarray(from, step.end), step.last);
        break;
      default:
        step satisfies never;
    }
  }

  #begin(head: FrameHead): void {
    const beginsMessage = !head.isControl && head.opcode !== opcodes.continuation;
    if (!beginsMessage) this.#beginFrame(head);
    else if (this.#gate.seenBytesMax > 0) {
      this.#fate = 'is seen';
      this.#seen = new SeenMessage();
      this.#beginFrame(head);
    } else {
      this.#decide(nothing, (goesOn) => {
        this.#fate = goesOn ? 'goes on' : 'is dropped';
        this.#beginFrame(head);
      });
    }
  }

  #beginFrame(head: FrameHead): void {
    this.#frame = head;
    if (this.#goesOn(head)) this.#out.push(head.raw);
    else if (this.#fate === 'is seen' && this.#seen?.begin(head, this.#gate.seenBytesMax) === false) {
      this.#fail(1009);
      return;
    }
    if (head.length === 0) this.#endFrame(head);
  }

  #payload(bytes: Buffer, last: boolean): void {
    const head = this.#frame;
    if (head === undefined) return;
    if (this.#goesOn(head)) this.#out.push(bytes);
    else if (this.#fate === 'is seen') this.#seen?.add(bytes);
    if (last) this.#endFrame(head);
  }

  #endFrame({ isControl, final }: FrameHead): void {
    this.#frame = undefined;
    if (!isControl && final) this.#endMessage();
    if (!this.inMessage) this.#idle();
  }

  #endMessage(): void {
    const seen = this.#seen;
    this.#fate = undefined;
    this.#seen = undefined;
    if (seen === undefined) return;
    this.#decide(seen.payload, (goesOn) => {
      if (goesOn) this.#out.push(seen.raw);
    });
  }

  #goesOn(head: FrameHead): boolean {
    return head.isControl || this.#fate === 'goes on';
  }

  #decide(payload: Buffer, then: (goesOn: boolean) => void): void {
    const decided = (passage: Passage): void => {
      if (passage !== 'passes') this.#notice(textFrame(passage.notice));
      if (passage !== 'passes' && passage.closes !== undefined) this.#fail(passage.closes);
      else then(passage === 'passes');
    };
    const passage = this.#gate.admit(payload);
    if (!(passage instanceof Promise)) return decided(passage);
    this.#deciding = true;
    passage
      .then((late) => {
        this.#deciding = false;
        if (this.#stopped) return;
        decided(late);
        this.#advance();
      })
      .catch(() => this.#fail(frameErrors.internal.code));
  }

  #notice(frame: Buffer): void {
    if (this.#way.sender === 'backend') this.#out.push(frame);
    else if (!this.#owner.tellClient(frame, this.#goOn)) this.#full = true;
  }

  /** What goes on must be out before somebody else says something. */
  #idle(): void {
    this.#flush();
    this.#owner.idle();
  }

  #flush(): void {
    if (this.#out.length === 0) return;
    const { to } = this.#way;
    const out = this.#out;
    this.#out = [];
    // Many small pieces cost far more to write than to copy.
    if (to.write(Buffer.concat(out))) return;
    this.#full = true;
    to.once('drain', this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#full = false;
    this.#advance();
  };

  get #waits(): boolean {
    return this.#deciding || this.#full;
  }

  #pace(): void {
    const { from } = this.#way;
    if (this.#waits && !this.#stopped) from.pause();
    else from.resume();
  }

  #fail(code: number): void {
    this.#flush();
    this.#owner.fail(code);
  }
}
