import { nextOfExtension, type ExtensionPlace } from './chunk-extension.ts';
import { readField, type Fields } from './fields.ts';
import { isFramingField } from './framing.ts';
import { octets } from './octets.ts';

export interface ChunkRules {
  /** Extension bytes of all chunks of a message together. */
  readonly extensionBytesMax: number;
  /** Without the empty line at their end. */
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
  #extension: ExtensionPlace = 'name-start';
  #extensionBytes = 0;
  #trailerBytes = 0;
  readonly #trailers: string[] = [];
  /** The trailer line so far. */
  #line = '';

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
        return this.#extend(octet);
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
    if (octet !== octets.semicolon) return this.#flaw();
    this.#extension = 'name-start';
    return 'extension';
  }

  #extend(octet: number): Place {
    const next = nextOfExtension(this.#extension, octet);
    if (next === 'line-end') return 'size-lf';
    this.#extensionBytes += 1;
    if (next === undefined || this.#extensionBytes > this.#rules.extensionBytesMax) return this.#flaw();
    this.#extension = next;
    return 'extension';
  }

  /** Reads up to the end of a line. */
  #readTrailers(bytes: Buffer, at: number): number {
    const lfAt = bytes.indexOf(octets.lf, at);
    const end = lfAt === -1 ? bytes.length : lfAt + 1;
    this.#trailerBytes += end - at;
    if (this.#trailerBytes > this.#rules.trailerBytesMax + '\r\n'.length) this.#flaw();
    else {
      this.#line += bytes.toString('latin1', at, end);
      if (lfAt !== -1) this.#endLine(this.#line);
    }
    return end;
  }

  #endLine(line: string): void {
    this.#line = '';
    if (line === '\r\n') {
      this.trailers = this.#trailers;
      this.#place = 'done';
    } else if (readField(line, 0, this.#trailers) !== line.length) this.#flaw();
    else if (isFramingField(this.#trailers.at(-2) ?? '')) this.#flaw();
  }

  #flaw(): Place {
    this.flawed = true;
    return this.#place;
  }
}

function hexDigit(octet: number): number | undefined {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}
