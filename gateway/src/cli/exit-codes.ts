/** What `sluice` exits with (contract.md 1). */
export const exitCodes = {
  done: 0,
  /** A check found a failure; the demo wasn't exact. */
  failed: 1,
  usage: 2,
  badConfiguration: 3,
  storeUnreachable: 4,
  interrupted: 130,
} as const;
