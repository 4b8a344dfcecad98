import {
  type AdvancedPolicy,
  type ApplicationTier,
  builtInAdvancedPolicies,
  builtInApplicationTiers,
  builtInSubscriptionTiers,
  type SubscriptionTier,
} from '../policy/tiers.ts';
import { stemOf } from './home.ts';
import { PolicyShelf } from './policy-shelf.ts';
import { type ParsedFile, type SourceFile, valueAt } from './source-file.ts';
import { readPolicy } from './throttling-policy.ts';
import type { ThrottlingSwitches } from './throttling-table.ts';

/** All policies that the home and WSO2 define. A file's policy replaces the built-in one of its kind and name. */
export interface PolicyBook {
  readonly subscription: PolicyShelf<SubscriptionTier>;
  readonly application: PolicyShelf<ApplicationTier>;
  readonly advanced: PolicyShelf<AdvancedPolicy>;
}

/** Reads all policy files. */
export function readPolicies(files: readonly ParsedFile[], switches: ThrottlingSwitches = {}): PolicyBook {
  const broken = new Set<string>();
  const book: PolicyBook = {
    subscription: new PolicyShelf({
      noun: 'subscription tier',
      builtIn: builtInSubscriptionTiers,
      unpublished: unpublishedTiers,
      broken,
    }),
    application: new PolicyShelf({ noun: 'application tier', builtIn: builtInApplicationTiers, broken }),
    advanced: new PolicyShelf({ noun: 'advanced policy', builtIn: builtInAdvancedPolicies, broken }),
  };
  for (const { path, source } of files) {
    if (source === undefined || !addPolicy(book, source, switches)) addNames(path, source, broken);
  }
  return book;
}

function addPolicy(book: PolicyBook, source: SourceFile, switches: ThrottlingSwitches): boolean {
  const file = readPolicy(source, switches);
  if (file === undefined) return false;
  if (file.kind === 'subscription') book.subscription.put(file.entry, source);
  else if (file.kind === 'application') book.application.put(file.entry, source);
  else if (file.kind === 'advanced') book.advanced.put(file.entry, source);
  return true;
}

/** Built-in tiers whose values WSO2 doesn't publish (wso2.md 1.14). */
const unpublishedTiers: readonly string[] = ['AIGold', 'AISilver', 'AIBronze'];

/** The names a file with errors may stand for: what it says, and what apictl would have named it after. */
function addNames(path: string, source: SourceFile | undefined, names: Set<string>): void {
  const stated = valueAt(source?.value, ['data', 'policyName']);
  if (typeof stated === 'string') names.add(stated);
  names.add(stemOf(path).replace(/^(Subscription|Application|Advanced|Custom)-/, ''));
}
