/*
 * policy/ promises: who is limited by what. From facts about a request it makes the charges the request must pay. Pure;
 * it knows limits, but neither HTTP, files, stores nor clocks. Names and codes follow WSO2 (wso2.md 1 and 3.1).
 */

/** A level of limiting that charges a counter, in the order of evaluation: the first that refuses names the refusal. */
export const levels = [
  'api',
  'operation',
  'subscription',
  'burst',
  'application',
  'application-burst',
  'custom',
  'backend',
] as const;

export type Level = (typeof levels)[number];

/** What a level does when the store can't be asked (leases.md, section 5). */
export type OnStoreFailure = 'local' | 'deny' | 'allow';
