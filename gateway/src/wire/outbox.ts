import type { Clock } from '../limits/clock.ts';

/** Has something to write. */
export interface Sender {
  /** Writes what it gathered. */
  send(): void;
}

/**
 * What is written in a turn of the event loop leaves at its end. The other ends are woken once for many messages instead of
 * between any two of them, and what several messages for one connection say leaves in one write.
 */
export class Outbox {
  readonly #clock: Clock;
  #senders: Sender[] = [];
  #spare: Sender[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets `sender` send at the end of this turn; it is added once a turn. */
  add(sender: Sender): void {
    this.#senders.push(sender);
    if (this.#senders.length === 1) this.#clock.atEndOfTurn(this.#send);
  }

  readonly #send = (): void => {
    const senders = this.#senders;
    this.#senders = this.#spare;
    for (const sender of senders) sender.send();
    senders.length = 0;
    this.#spare = senders;
  };
}
