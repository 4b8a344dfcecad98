import { naturalNumber } from './octets.ts';

type ConnectionOption = 'close' | 'keep-alive' | 'upgrade';

/** Options among others, each behind a comma. */
const options: Readonly<Record<ConnectionOption, RegExp>> = {
  close: /,[ \t]*close[ \t]*(?:,|$)/,
  'keep-alive': /,[ \t]*keep-alive[ \t]*(?:,|$)/,
  upgrade: /,[ \t]*upgrade[ \t]*(?:,|$)/,
};

/** A tab beside a length or a coding, which some take for white space and some for a part of it. */
const tabbed = /\n(?:content-length|transfer-encoding):[^\r]*\t/i;

const framingNames = /^(?:connection|content-length|transfer-encoding)$/i;

/** Whether a field says where messages end. Behind a body it comes too late, and some would still follow it. */
export function isFramingField(name: string): boolean {
  return framingNames.test(name);
}

/**
 * What the fields say about where a message ends, collected line by line. Two lengths, a length beside a coding, or two
 * codings can be read in two ways, and are never chosen from (RFC 9112, section 6.3).
 */
export class Framing {
  /** The body's length in bytes, if a field names it. */
  length: number | undefined;
  /** The transfer coding in lower case, if a field names one. */
  coding: string | undefined;
  /** The options of the Connection fields, in lower case, a comma before each field's. */
  connection = '';
  #ambiguous = false;

  /** Takes notice of a field; most have a name of another length. */
  see(name: string, value: string): void {
    switch (name.length) {
      case 10:
        if (name.toLowerCase() === 'connection') this.connection += `,${value.toLowerCase()}`;
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') this.#seeLength(value);
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') this.#seeCoding(value.toLowerCase());
        break;
      default:
    }
  }

  /** Whether the head, whose fields were seen, can be read in two ways. */
  isAmbiguous(head: string): boolean {
    if (this.length === undefined && this.coding === undefined) return this.#ambiguous;
    return this.#ambiguous || (head.includes('\t') && tabbed.test(head));
  }

  /** Whether another message may follow on the connection; `close` goes before all else (RFC 9112, section 9.3). */
  keepsAlive(minorVersion: 0 | 1): boolean {
    return !this.says('close') && (minorVersion === 1 || this.says('keep-alive'));
  }

  /** Whether the sender said that the connection ends with (`close`), outlives (`keep-alive`) or leaves (`upgrade`) HTTP. */
  says(option: ConnectionOption): boolean {
    return this.connection.includes(option) && options[option].test(this.connection);
  }

  #seeLength(value: string): void {
    const length = naturalNumber(value);
    if (length === undefined || this.length !== undefined || this.coding !== undefined)
      this.#ambiguous = true;
    this.length = length;
  }

  #seeCoding(coding: string): void {
    if (this.length !== undefined || this.coding !== undefined) this.#ambiguous = true;
    this.coding = coding;
  }
}
