import { naturalNumber } from './octets.ts';

/**
 * What the fields say about where a message ends, collected line by line. Two lengths, a length beside a coding, or two
 * codings can be read in two ways, and are never chosen from (RFC 9112, section 6.3).
 */
export class Framing {
  /** The body's length in bytes, if a field names it. */
  length: number | undefined;
  /** The transfer coding in lower case, if a field names one. */
  coding: string | undefined;
  /** The options of the Connection fields, in lower case, joined by commas. */
  connection = '';
  ambiguous = false;

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

  /** Whether the sender said that the connection ends with (`close`), outlives (`keep-alive`) or leaves (`upgrade`) HTTP. */
  says(option: 'close' | 'keep-alive' | 'upgrade'): boolean {
    if (!this.connection.includes(option)) return false;
    return this.connection.split(',').some((said) => said.trim() === option);
  }

  #seeLength(value: string): void {
    const length = naturalNumber(value);
    if (length === undefined || this.length !== undefined || this.coding !== undefined) this.ambiguous = true;
    this.length = length;
  }

  #seeCoding(coding: string): void {
    if (this.length !== undefined || this.coding !== undefined) this.ambiguous = true;
    this.coding = coding;
  }
}
