import { createHmac, timingSafeEqual } from 'node:crypto';
import type { EventSignature } from '../policy/catalogue.ts';

/** The HMAC of a body as it is written in a field: `sha256=5d41…`. */
export function signatureOf(algorithm: EventSignature['algorithm'], secret: string, body: Buffer): string {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`;
}

/** Whether who wrote a signature knows the secret. Takes as long for a wrong one as for a right one. */
export function isSigned(written: string, { algorithm, secret }: EventSignature, body: Buffer): boolean {
  const expected = Buffer.from(signatureOf(algorithm, secret, body));
  const found = Buffer.from(written.trim().toLowerCase());
  return found.length === expected.length && timingSafeEqual(found, expected);
}
