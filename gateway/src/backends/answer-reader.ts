import { BodyReader } from '../wire/body-reader.ts';
import type { Fields } from '../wire/fields.ts';
import { HeadCollector } from '../wire/head-collector.ts';
import { readResponseHead, type ResponseHead } from '../wire/response-head.ts';
import type { PooledCall } from './pooled-call.ts';

const headBytesMax = 16 * 1024;
const headRules = { fieldsMax: 200 };
const chunkRules = { extensionBytesMax: 16 * 1024, trailerBytesMax: 16 * 1024 };
const interimsMax = 20;
const noFields: Fields = [];

/** How an answer stands after some bytes; `over` when its call was given up meanwhile. */
export type AnswerStanding = 'open' | 'complete' | 'switched' | 'invalid' | 'over';

/** Reads the answers of a connection, one after the other, and tells their receivers all but the end. */
export class AnswerReader {
  head: ResponseHead | undefined;
  /** The receiver takes more after the last read. */
  flows = true;
  /** Where the answer ended in the bytes of the read that completed it. */
  end = 0;
  readonly #heads = new HeadCollector(headBytesMax);
  #body: BodyReader | undefined;
  #interims = 0;

  begin(): void {
    this.head = undefined;
    this.#body = undefined;
    this.#interims = 0;
  }

  get trailers(): Fields {
    return this.#body?.trailers ?? noFields;
  }

  /** Whether the connection's end completes the answer. */
  get endsWithConnection(): boolean {
    return this.#body?.endsWithConnection === true;
  }

  /** Takes the bytes of one read, to their end unless the answer ends before. */
  read(bytes: Buffer, call: PooledCall): AnswerStanding {
    this.flows = true;
    let at = 0;
    while (this.head === undefined) {
      if (at === bytes.length) return 'open';
      const found = this.#heads.find(bytes, at);
      if (typeof found === 'string') return found === 'incomplete' ? 'open' : 'invalid';
      const head = readResponseHead(found.text, call.request.method, headRules);
      if (head === undefined) return 'invalid';
      at = found.end;
      const standing = head.status < 200 ? this.#interim(head, at, call) : this.#begin(head, call);
      if (standing !== 'open') return standing;
    }
    return this.#readBody(this.head.body, bytes, at, call);
  }

  #interim(head: ResponseHead, at: number, call: PooledCall): AnswerStanding {
    const { status, fields } = head;
    this.#interims += 1;
    if (this.#interims > interimsMax) return 'invalid';
    if (status === 101) {
      this.head = head;
      this.end = at;
      return says(fields, call.request.upgrade) ? 'switched' : 'invalid';
    }
    // 100 is about a body that goes its way without it.
    if (status !== 100) call.receiver.interim(status, fields);
    return call.over ? 'over' : 'open';
  }

  #begin(head: ResponseHead, call: PooledCall): AnswerStanding {
    this.head = head;
    call.receiver.head(head.status, head.fields);
    return call.over ? 'over' : 'open';
  }

  #readBody(body: ResponseHead['body'], bytes: Buffer, at: number, call: PooledCall): AnswerStanding {
    // Most bodies are there together with their head.
    if (this.#body === undefined && typeof body === 'number' && bytes.length - at >= body) {
      this.end = at + body;
      if (body > 0) call.receiver.data(bytes.subarray(at, this.end));
      return call.over ? 'over' : 'complete';
    }
    this.#body ??= new BodyReader(body, chunkRules);
    const part = this.#body.read(bytes, at);
    this.end = part.end;
    if (part.data.length > 0) this.flows = call.receiver.data(part.data);
    if (call.over) return 'over';
    if (this.#body.flawed) return 'invalid';
    return this.#body.done ? 'complete' : 'open';
  }
}

/** Whether the backend changes to the protocol it was asked for. */
function says(fields: Fields, protocol: string | undefined): boolean {
  for (let at = 0; at < fields.length; at += 2)
    if (fields[at] === 'upgrade') return fields[at + 1]?.toLowerCase() === protocol;
  return false;
}
