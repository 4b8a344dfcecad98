import * as z from 'zod';

/** Who gets the events of a topic: a callback, and what tells who pays for them. */
export interface Subscriber {
  readonly callback: string;
  /** What its deliveries are signed with. Never logged. */
  readonly secret?: string | undefined;
  readonly application: ApplicationFacts;
  /** The user behind it, and the key type, as they subscribed. */
  readonly user: string;
  readonly keyType: 'PRODUCTION' | 'SANDBOX';
}

/** Of an application of files the id says all; what only tokens know of one is kept. */
interface ApplicationFacts {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** Names of tiers: the application's, and that of its subscription. */
  readonly tier: string;
  readonly plan: string;
}

const schema = z.object({
  callback: z.string(),
  secret: z.string().optional(),
  application: z.object({
    id: z.string(),
    name: z.string(),
    owner: z.string(),
    tier: z.string(),
    plan: z.string(),
  }),
  user: z.string(),
  keyType: z.enum(['PRODUCTION', 'SANDBOX']),
});

/** Reads what `JSON.stringify` made of a subscriber; undefined for anything else. */
export function parseSubscriber(text: string): Subscriber | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
