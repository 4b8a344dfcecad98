/** A kind of throttling policies: how WSO2's files, paths, queries and answers name it. */
export interface PolicyKind {
  /** In paths. */
  readonly name: 'subscription' | 'application' | 'advanced' | 'custom';
  /** In an exported file. */
  readonly subtype: string;
  /** `type` in a policy. */
  readonly type: string;
  /** `type` in queries. */
  readonly query: 'sub' | 'app' | 'api' | 'global';
  /** How apictl begins the names of its files, and WSO2 its messages. */
  readonly prefix: string;
  /** In messages. */
  readonly noun: string;
}

export const policyKinds: readonly PolicyKind[] = [
  {
    name: 'application',
    subtype: 'application policy',
    type: 'ApplicationThrottlePolicy',
    query: 'app',
    prefix: 'Application',
    noun: 'Application Policy',
  },
  {
    name: 'subscription',
    subtype: 'subscription policy',
    type: 'SubscriptionThrottlePolicy',
    query: 'sub',
    prefix: 'Subscription',
    noun: 'Subscription Policy',
  },
  {
    name: 'advanced',
    subtype: 'advanced policy',
    type: 'AdvancedThrottlePolicy',
    query: 'api',
    prefix: 'Advanced',
    noun: 'Advanced Policy',
  },
  {
    name: 'custom',
    subtype: 'custom rule',
    type: 'CustomRule',
    query: 'global',
    prefix: 'Custom',
    noun: 'Custom Policy',
  },
];
