import { hash, timingSafeEqual } from 'node:crypto';
import type { Application, KeyType } from '../policy/catalogue.ts';

/** Whose key it is. */
export interface KeyHolder {
  readonly application: Application;
  readonly keyType: KeyType;
}

const keyBytesMax = 1024;
/** Keys that were proved once and needn't be digested again. */
const provedMax = 10_000;

/**
 * All API keys of a configuration, known by their SHA-256 digests; the keys themselves are held only once a request has shown
 * them, and only while this configuration serves. What proves nothing is never kept, so a stranger can't fill the memory.
 */
export class ApiKeys {
  readonly #byDigest = new Map<string, { readonly digest: Uint8Array; readonly holder: KeyHolder }>();
  /** Every key in here has the digest of its holder. */
  readonly #proved = new Map<string, KeyHolder>();

  constructor(applications: readonly Application[]) {
    for (const application of applications) {
      for (const { keyType, sha256 } of application.apiKeys) {
        this.#byDigest.set(sha256, { digest: Buffer.from(sha256, 'hex'), holder: { application, keyType } });
      }
    }
  }

  /**
   * Finds the holder of a key, given as a header's value with one character per byte. The lookup goes by digest, so its
   * time tells nothing about keys; the digests are then compared in constant time all the same. Among keys that were proved
   * before, the map compares bytes only where its own hash is equal, whose seed no client knows.
   */
  holder(key: string): KeyHolder | undefined {
    return this.#proved.get(key) ?? this.#prove(key);
  }

  #prove(key: string): KeyHolder | undefined {
    if (key.length > keyBytesMax) return undefined;
    const bytes = Buffer.from(key, 'latin1');
    const digest = hash('sha256', bytes, 'buffer');
    const known = this.#byDigest.get(digest.toString('hex'));
    if (known === undefined || !timingSafeEqual(known.digest, digest)) return undefined;
    if (this.#proved.size >= provedMax) this.#proved.clear();
    // A copy: the key may be a part of its request's whole head, which must not stay with it.
    this.#proved.set(bytes.toString('latin1'), known.holder);
    return known.holder;
  }
}
