import { hash, timingSafeEqual } from 'node:crypto';
import type { Application, KeyType } from '../policy/catalogue.ts';

/** Whose key it is. */
export interface KeyHolder {
  readonly application: Application;
  readonly keyType: KeyType;
}

const keyBytesMax = 1024;

/** All API keys of a configuration, known by their SHA-256 digests only. */
export class ApiKeys {
  readonly #byDigest = new Map<string, { readonly digest: Uint8Array; readonly holder: KeyHolder }>();

  constructor(applications: readonly Application[]) {
    for (const application of applications) {
      for (const { keyType, sha256 } of application.apiKeys) {
        this.#byDigest.set(sha256, { digest: Buffer.from(sha256, 'hex'), holder: { application, keyType } });
      }
    }
  }

  /**
   * Finds the holder of a key, given as a header's value with one character per byte. The lookup goes by digest, so its
   * time tells nothing about keys; the digests are then compared in constant time all the same.
   */
  holder(key: string): KeyHolder | undefined {
    if (key.length > keyBytesMax) return undefined;
    const digest = hash('sha256', Buffer.from(key, 'latin1'), 'buffer');
    const known = this.#byDigest.get(digest.toString('hex'));
    return known !== undefined && timingSafeEqual(known.digest, digest) ? known.holder : undefined;
  }
}
