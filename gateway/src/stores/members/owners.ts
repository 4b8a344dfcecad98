import type { GatewayId } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';

/** Who keeps a counter's ledger, and who has a copy of it; a member alone has no other to copy to. */
export interface Keepers {
  readonly owner: GatewayId;
  readonly backup: GatewayId | undefined;
}

/**
 * Shares counters out among members by rendezvous hashing: each member has a weight for each counter, the heaviest owns it, the
 * second keeps a copy. So when an owner goes its backup follows it, and nothing else moves.
 */
export class Owners {
  readonly #members: readonly { readonly id: GatewayId; readonly seed: number }[];

  /** At least one member. */
  constructor(members: readonly GatewayId[]) {
    this.#members = members.map((id) => ({ id, seed: hash(id) }));
  }

  of(key: CounterKey): Keepers {
    const hashed = hash(key);
    let owner: GatewayId | undefined;
    let heaviest = -1;
    let backup: GatewayId | undefined;
    let second = -1;
    for (const { id, seed } of this.#members) {
      const weight = mixed(hashed ^ seed);
      if (weight > heaviest) {
        backup = owner;
        second = heaviest;
        owner = id;
        heaviest = weight;
      } else if (weight > second) {
        backup = id;
        second = weight;
      }
    }
    if (owner === undefined) throw new Error('a view without members owns nothing');
    return { owner, backup };
  }
}

/** FNV-1a over UTF-16 units: 32 bits. */
function hash(text: string): number {
  let hashed = 0x81_1c_9d_c5;
  for (let at = 0; at < text.length; at += 1) {
    hashed = Math.imul(hashed ^ text.charCodeAt(at), 0x01_00_01_93);
  }
  return hashed;
}

/** The finaliser of MurmurHash3: every bit of the sum depends on every bit of the input. From 0 to 2^32 - 1. */
function mixed(bits: number): number {
  let sum = bits;
  sum = Math.imul(sum ^ (sum >>> 16), 0x85_eb_ca_6b);
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2_b2_ae_35);
  return (sum ^ (sum >>> 16)) >>> 0;
}
