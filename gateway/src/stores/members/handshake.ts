import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { GatewayId } from '../../limits/claim.ts';
import type { Self } from './membership.ts';

/** Of two versions the later one speaks as the older does, if it still knows how. */
const version = 1;
const oldestKnown = 1;

/** What both sides of a new connection say first. */
export interface Hello {
  readonly sluice: number;
  readonly domain: string;
  readonly id: GatewayId;
  readonly address: string;
  readonly nonce: string;
}

/** Whoever dialled, or was called. A proof holds for one side only: it can't be sent back. */
export type Side = 'caller' | 'called';

const hello: z.ZodType<Hello> = z.object({
  sluice: z.int(),
  domain: z.string().max(200),
  id: z.custom<GatewayId>((value) => typeof value === 'string' && /^\S{1,200}$/.test(value)),
  address: z.string().min(1).max(300),
  nonce: z.string().length(32),
});

export function makeHello(self: Self, domain: string): Hello {
  return { sluice: version, domain, ...self, nonce: randomBytes(16).toString('hex') };
}

/** The other side's hello, or why it can't be talked to. */
export function helloOf(value: unknown, domain: string): Hello | { readonly why: string } {
  const said = hello.safeParse(value).data;
  if (said === undefined) return { why: 'it is no member of a Sluice cluster' };
  if (said.sluice < oldestKnown) {
    return { why: `it speaks version ${said.sluice}, the oldest known here is ${oldestKnown}` };
  }
  if (said.domain !== domain) return { why: 'it belongs to another domain' };
  return said;
}

/** Proves to know the secret: an HMAC over both hellos, so that it holds for this connection only. */
export function proof(secret: string, by: Side, caller: Hello, called: Hello): string {
  const words = [caller, called].map(({ sluice, domain, id, address, nonce }) => [
    sluice,
    domain,
    id,
    address,
    nonce,
  ]);
  const said = JSON.stringify([by, ...words]);
  return createHmac('sha256', secret).update(said).digest('hex');
}

export function isProof(value: unknown, expected: string): boolean {
  if (typeof value !== 'string' || value.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(value), Buffer.from(expected));
}
