import type { Api, Application, KeyType, Operation } from './catalogue.ts';
import type { SubscriptionTier } from './tiers.ts';

/** What all requests of one consumer to one operation have in common. */
export interface RequestFacts {
  readonly api: Api;
  readonly operation: Operation;
  readonly consumer: Consumer;
  readonly keyType: KeyType;
}

/** Who sends the request, as far as it was proved. */
export type Consumer =
  | {
      readonly kind: 'application';
      readonly application: Application;
      /** The user the key was issued to: the application's owner. */
      readonly user: string;
      readonly tier: SubscriptionTier;
    }
  | {
      readonly kind: 'anonymous';
      /** What stands for the caller in counter keys: an address, a header's value, or one name for everyone. */
      readonly subject: string;
      readonly tier: SubscriptionTier;
    };
