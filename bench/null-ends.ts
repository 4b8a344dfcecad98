import type {
  BackendCall,
  BackendReceiver,
  BackendRequest,
  BackendSender,
} from '../gateway/src/backends/backend-call.ts';
import type { Answer, Exchange, RequestHead } from '../gateway/src/proxy/exchange.ts';
import { stopwatchMs } from '../gateway/src/system-clock.ts';

const body: Buffer = Buffer.from('Hello, world!');
const answer: readonly string[] = [
  'date',
  'Thu, 26 Nov 2026 09:00:00 GMT',
  'content-type',
  'text/plain; charset=utf-8',
  'content-length',
  String(body.length),
  'cache-control',
  'no-store',
  'etag',
  '"5f-1b2c3d4e"',
  'connection',
  'keep-alive',
];

/** An exchange that says everything into the void. */
export class NullExchange implements Exchange {
  readonly head: RequestHead;
  readonly startedAtMs: number = stopwatchMs();
  status: number | undefined;
  over = false;
  bytesIn = 0;
  bytesOut = 0;
  onDrain: () => void = nothing;
  onBodyFailure: () => void = nothing;
  onOver: (end: { readonly aborted: boolean }) => void = nothing;

  constructor(head: RequestHead) {
    this.head = head;
  }

  openBody(): undefined {
    return undefined;
  }

  holdBody(): never {
    throw new Error('a body was collected');
  }

  interim(): void {}

  answer({ status }: Answer): void {
    throw new Error(`a request was refused with ${status}`);
  }

  start(status: number): void {
    this.status = status;
  }

  write(bytes: Buffer): boolean {
    this.bytesOut += bytes.length;
    return true;
  }

  flush(): void {}

  join(): void {}

  finish(): void {
    this.over = true;
    this.onOver({ aborted: false });
  }

  cut(): void {
    throw new Error('a connection was cut');
  }
}

export function nothing(): void {}

/** Answers all requests of a turn at its end. */
export class NullSender implements BackendSender {
  readonly #waiting: BackendReceiver[] = [];
  readonly #call: BackendCall = { resume: nothing, abort: nothing };

  send(_: BackendRequest, receiver: BackendReceiver): BackendCall {
    this.#waiting.push(receiver);
    return this.#call;
  }

  answerAll(): void {
    for (const receiver of this.#waiting) {
      receiver.head(200, answer);
      receiver.data(body);
      receiver.end([]);
    }
    this.#waiting.length = 0;
  }
}
