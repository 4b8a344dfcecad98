/** A request's body as it comes from its client. It flows once it has a taker, and no faster than the taker wants it. */
export interface BodySource {
  /** Bytes, or `unknown` when it comes in chunks. Never 0: a request without a body has no source. */
  readonly length: number | 'unknown';
  /** Whether it has or had a taker. */
  readonly touched: boolean;
  /** Gives the taker what is there already before it returns, then the rest as it comes. Called once. */
  start(taker: BodyTaker): void;
  /** Lets the body flow again after `data` gave false. */
  resume(): void;
  /** Nobody wants the rest; the taker hears nothing more. */
  stop(): void;
}

/** Who takes a body. A body that breaks off is told to the exchange, which gives the taker's call up. */
export interface BodyTaker {
  /** False when no more should come before `resume`. The bytes are the taker's own from then on. */
  data(bytes: Buffer): boolean;
  end(): void;
}
