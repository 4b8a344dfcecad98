import { noField, readField, type Fields } from './fields.ts';
import { isValueOctet, octets } from './octets.ts';

export interface ChunkRules {
  /** Extension bytes of all chunks of a message together. */
  readonly extensionBytesMax: number;
  readonly trailerBytesMax: number;
}

/** What is expected next. */
type Place = FramingPlace | 'data' | 'trailers' | 'done';
/** Where one octet after the other decides. */
type FramingPlace = 'size' | 'more-size' | 'extension' | 'size-lf' | 'data-cr' | 'data-lf';

/** A size of more digits would be no safe integer. */
const sizeDigitsMax = 13;

/**
 * Takes a body in chunks apart (RFC 9112, section 7.1). Sizes are hexadecimal digits and nothing else, every line ends with
 * CR LF, and what isn't data is bounded.
 */
export class ChunkReader {
  trailers: Fields = [];
  /** Where the data of the last read ends, which starts where that read started. */
  dataEnd = 0;
  flawed = false;
  readonly #rules: ChunkRules;
  #place: Place = 'size';
  /** Of the chunk being read; its digits so far, then what is left of it. */
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  /** The trailer section so far. */
  #section = '';

  constructor(rules: ChunkRules) {
    this.#rules = rules;
  }

  get done(): boolean {
    return this.#place === 'done';
  }

  /** Moves the data of all chunks together to where `from` is, and gives where the body's bytes end. */
  read(bytes: Buffer, from: number): number {
    this.dataEnd = from;
    let at = from;
    while (at < bytes.length && this.#place !== 'done' && !this.flawed) {
      if (this.#place === 'data') at = this.#moveData(bytes, at);
      else if (this.#place === 'trailers') at = this.#readTrailers(bytes, at);
      else {
        this.#place = this.#next(this.#place, bytes[at] ?? 0);
        at += 1;
      }
    }
    return at;
  }

  #moveData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#size);
    if (at !== this.dataEnd) bytes.copyWithin(this.dataEnd, at, end);
    this.dataEnd += end - at;
    this.#size -= end - at;
    if (this.#size === 0) this.#place = 'data-cr';
    return end;
  }

  /** The place behind an octet that belongs to the framing. */
  #next(place: FramingPlace, octet: number): Place {
    switch (place) {
      case 'size':
        this.#size = 0;
        this.#digits = 0;
        return this.#digit(octet) ?? this.#flaw();
      case 'more-size':
        return this.#digit(octet) ?? this.#sizeEnd(octet);
      case 'extension':
        return this.#extension(octet);
      case 'size-lf':
        if (octet !== octets.lf) return this.#flaw();
        return this.#size === 0 ? 'trailers' : 'data';
      case 'data-cr':
        return octet === octets.cr ? 'data-lf' : this.#flaw();
      case 'data-lf':
        return octet === octets.lf ? 'size' : this.#flaw();
      default:
        return place satisfies never;
    }
  }

  #digit(octet: number): Place | undefined {
    const digit = hexDigit(octet);
    if (digit === undefined) return undefined;
    this.#size = this.#size * 16 + digit;
    this.#digits += 1;
    return this.#digits > sizeDigitsMax ? this.#flaw() : 'more-size';
  }

  #sizeEnd(octet: number): Place {
    if (octet === octets.cr) return 'size-lf';
    return octet === octets.semicolon ? 'extension' : this.#flaw();
  }

  #extension(octet: number): Place {
    if (octet === octets.cr) return 'size-lf';
    this.#extensionBytes += 1;
    const allowed = isValueOctet(octet) && this.#extensionBytes <= this.#rules.extensionBytesMax;
    return allowed ? 'extension' : this.#flaw();
  }

  #readTrailers(bytes: Buffer, at: number): number {
    const before = this.#section.length;
    const room = this.#rules.trailerBytesMax + 2 - before;
    this.#section += bytes.toString('latin1', at, Math.min(bytes.length, at + room));
    const end = sectionEnd(this.#section);
    if (end === undefined) {
      if (this.#section.length >= this.#rules.trailerBytesMax + 2) this.#flaw();
      return bytes.length;
    }
    const fields: string[] = [];
    let line = 0;
    while (line < end - 2 && line !== noField) line = readField(this.#section, line, fields);
    if (line !== end - 2) this.#flaw();
    this.trailers = fields;
    this.#place = 'done';
    return at + end - before;
  }

  #flaw(): Place {
    this.flawed = true;
    return this.#place;
  }
}

/** Where a trailer section ends, its empty line included. */
function sectionEnd(section: string): number | undefined {
  if (section.startsWith('\r\n')) return 2;
  const lastLineEnd = section.indexOf('\r\n\r\n');
  return lastLineEnd === -1 ? undefined : lastLineEnd + 4;
}

function hexDigit(octet: number): number | undefined {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}
