import type { BodySource } from '../../src/wire/body-source.ts';
import { BodyRoom, HeldBody } from '../../src/proxy/body-room.ts';
import type { Answer, Exchange, RequestHead } from '../../src/proxy/exchange.ts';
import type { Fields } from '../../src/wire/fields.ts';
import type { Refusal } from '../../src/proxy/refusal.ts';

/** The head of a request as a test needs it. */
export function headOf(more: Partial<RequestHead> = {}): RequestHead {
  const fields = ['Host', 'gateway.example', 'ApiKey', 'mobile-key'];
  const plain = { method: 'GET', target: '/orders/1.0.0/items', fields, bodyBytes: 0, peer: '192.0.2.1' };
  return { ...plain, flaw: undefined, ...more };
}

/** An exchange without a wire: keeps what it is told to say. */
export class FakeExchange implements Exchange {
  readonly head: RequestHead;
  readonly startedAtMs = 0;
  status: number | undefined;
  over = false;
  bytesIn = 0;
  bytesOut = 0;
  onDrain: () => void = () => {};
  onBodyFailure: (refusal: Refusal) => void = () => {};
  onOver: (end: { readonly aborted: boolean }) => void = () => {};
  fields: Fields = [];
  body = '';
  closes = false;
  isCut = false;

  constructor(more: Partial<RequestHead> = {}) {
    this.head = headOf(more);
  }

  openBody(): BodySource | undefined {
    const { bodyBytes: length } = this.head;
    const start: BodySource['start'] = (taker) => taker.end();
    return length === 0 ? undefined : { length, touched: false, start, resume: () => {}, stop: () => {} };
  }

  holdBody(): HeldBody {
    return new HeldBody(new BodyRoom());
  }

  interim(): void {}

  answer({ status, fields, body, closes }: Answer): void {
    this.start(status, fields);
    this.body = body;
    this.closes = closes;
    this.end(false);
  }

  start(status: number, fields: Fields): void {
    this.status = status;
    this.fields = fields;
  }

  write(bytes: Buffer): boolean {
    this.body += bytes.toString('latin1');
    return true;
  }

  flush(): void {}

  finish(): void {
    this.end(false);
  }

  join(): void {}

  cut(): void {
    this.isCut = true;
    this.end(true);
  }

  /** The client leaves, or everything was said. */
  end(aborted: boolean): void {
    if (this.over) return;
    this.over = true;
    this.onOver({ aborted });
  }

  field(name: string): string | undefined {
    const at = this.fields.findIndex((field, index) => index % 2 === 0 && field.toLowerCase() === name);
    return at === -1 ? undefined : this.fields[at + 1];
  }
}
