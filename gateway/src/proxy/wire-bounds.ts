/** What a client may ask of the wire. Times in ms. */
export interface WireBounds {
  readonly connectionsMax: number;
  /** Request line and fields together. */
  readonly headBytesMax: number;
  readonly fieldsMax: number;
  /** Of the extensions of all chunks of a body. */
  readonly extensionBytesMax: number;
  /** What may follow a body's last chunk. */
  readonly trailerBytesMax: number;
  /** From a request's first byte (a connection's start, for the first one) to the end of its head. */
  readonly headMsMax: number;
  /** Between two pieces of a request's body. */
  readonly bodyIdleMsMax: number;
  /** Until a client takes more of an answer. */
  readonly drainMsMax: number;
  /** Between two requests of a connection. */
  readonly idleMsMax: number;
  /** Between two bytes of a connection that changed its protocol, either way. */
  readonly tunnelIdleMsMax: number;
  /** How much of a body nobody wants is read, so that its sender sees the answer and can go on. */
  readonly discardBytesMax: number;
  /** How often the waits above are looked at; they may last that much longer. */
  readonly sweepEveryMs: number;
}

export const defaultWireBounds: WireBounds = {
  connectionsMax: 10_000,
  headBytesMax: 16 * 1024,
  fieldsMax: 100,
  extensionBytesMax: 16 * 1024,
  trailerBytesMax: 8 * 1024,
  headMsMax: 10_000,
  bodyIdleMsMax: 30_000,
  drainMsMax: 60_000,
  idleMsMax: 75_000,
  tunnelIdleMsMax: 900_000,
  discardBytesMax: 256 * 1024,
  sweepEveryMs: 1000,
};
