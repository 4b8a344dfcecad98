import { fieldValues } from './fields.ts';
import type { Fields } from '../wire/fields.ts';

const lf = 0x0a;
const cr = 0x0d;
const colon = 0x3a;
const dataName = Buffer.from('data:');

/** Whether an answer is a stream of events whose bytes can be read as they are. */
export function isEventStream(fields: Fields): boolean {
  return hasType(fields, 'text/event-stream') && !isEncoded(fields);
}

function hasType(fields: Fields, type: string): boolean {
  return fieldValues(fields, 'content-type').some((value) => {
    return value.split(';', 1)[0]?.trim().toLowerCase() === type;
  });
}

/** Whether an answer's bytes stand for others. */
export function isEncoded(fields: Fields): boolean {
  return fieldValues(fields, 'content-encoding').some((value) => {
    const coding = value.trim().toLowerCase();
    return coding !== '' && coding !== 'identity';
  });
}

/** Who is told what a stream holds. */
export interface SseEvents {
  /** An event begins at this place of the bytes being read. */
  began?(at: number): void;
  /** A piece of what stands after `data:` in a line. */
  data?(bytes: Buffer): void;
  /** A blank line: the event is over. */
  ended?(): void;
}

/**
 * Reads text/event-stream (HTML, section 9.2) piece by piece, however the pieces are cut. Events are what blank lines part;
 * lines that begin with a colon are comments, and nothing but comments is no event. Keeps no bytes.
 */
export class SseReader {
  readonly #events: SseEvents;
  #line: 'start' | 'name' | 'data' | 'other' = 'start';
  /** How much of `data:` the line has spelled. */
  #spelled = 0;
  #inEvent = false;
  #afterCr = false;

  constructor(events: SseEvents) {
    this.#events = events;
  }

  read(bytes: Buffer): void {
    let dataFrom = this.#line === 'data' ? 0 : undefined;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      const isSecondHalf = byte === lf && this.#afterCr;
      this.#afterCr = byte === cr;
      if (isSecondHalf) continue;
      if (byte === lf || byte === cr) {
        if (dataFrom !== undefined) this.#events.data?.(bytes.subarray(dataFrom, at));
        dataFrom = undefined;
        this.#endLine();
      } else if (this.#line === 'start') {
        this.#beginLine(byte, at);
      } else if (this.#line === 'name') {
        this.#spell(byte);
        if (this.#spelled === dataName.length) dataFrom = at + 1;
      }
    }
    if (dataFrom !== undefined && dataFrom < bytes.length) this.#events.data?.(bytes.subarray(dataFrom));
  }

  #beginLine(byte: number, at: number): void {
    this.#spelled = 0;
    this.#line = byte === colon ? 'other' : 'name';
    if (byte === colon) return;
    if (!this.#inEvent) this.#events.began?.(at);
    this.#inEvent = true;
    this.#spell(byte);
  }

  #spell(byte: number): void {
    if (byte !== dataName[this.#spelled]) this.#line = 'other';
    else this.#spelled += 1;
    if (this.#spelled === dataName.length) this.#line = 'data';
  }

  #endLine(): void {
    if (this.#line === 'start' && this.#inEvent) {
      this.#inEvent = false;
      this.#events.ended?.();
    }
    this.#line = 'start';
    this.#spelled = 0;
  }
}
