/** So much is set aside for a body before anything of it has come. */
const bodyBytesMin = 4096;
const bytesMaxByDefault = 64 * 1024 * 1024;

/**
 * What the bodies may hold together that are read whole before they go on: those of all clients of a thread. Counted is what they say,
 * or what has come; in memory a body takes up to twice that.
 */
export class BodyRoom {
  readonly #bytesMax: number;
  /** The sum of what the open ones hold, at most `#bytesMax`. */
  #bytes = 0;

  constructor(bytesMax: number = bytesMaxByDefault) {
    this.#bytesMax = bytesMax;
  }

  /** What all hold together. */
  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** The rooms of a thread, by what the bodies are: what anybody may send takes none from what clients with keys do. */
export interface BodyRooms {
  readonly queries: BodyRoom;
  readonly events: BodyRoom;
}

export function bodyRooms(): BodyRooms {
  return { queries: new BodyRoom(), events: new BodyRoom() };
}

/** What one body holds of the room. */
export class HeldBody {
  readonly #room: BodyRoom;
  #bytes = 0;
  #isOver = false;

  constructor(room: BodyRoom) {
    this.#room = room;
  }

  /** Has it hold so many bytes in all, unless it does. False, and nothing changes, where there is no room for them, or it was given up. */
  reach(bytes: number): boolean {
    if (this.#isOver) return false;
    const more = Math.max(bytes, bodyBytesMin) - this.#bytes;
    if (more <= 0) return true;
    if (!this.#room.take(more)) return false;
    this.#bytes += more;
    return true;
  }

  /** It holds nothing from now on. */
  giveUp(): void {
    this.#isOver = true;
    this.#room.giveBack(this.#bytes);
    this.#bytes = 0;
  }
}
