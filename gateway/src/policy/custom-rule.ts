import { counterKey } from '../limits/counter-key.ts';
import type { Limit } from '../limits/limit.ts';
import type { IpNumber } from './ip-number.ts';
import { requestCharge, type Charge } from './plan.ts';
import type { RequestFacts } from './request-facts.ts';
import { ruleFields, type RuleField, type RuleFields } from './rule-fields.ts';

/** A limit of the operator's own over requests to all APIs (wso2.md 1.6). */
export interface CustomRule {
  /** Unique among rules; part of counter keys. */
  readonly name: string;
  readonly limit: Limit;
  /** Which requests it concerns. */
  readonly eligible: Eligibility;
  /** What tells its counters apart. */
  readonly key: readonly KeyPart[];
}

export type KeyPart =
  | { readonly text: string }
  | { readonly field: RuleField }
  | { readonly field: 'clientIp' };

export type Eligibility =
  | { readonly kind: 'constant'; readonly holds: boolean }
  | { readonly kind: 'equal'; readonly operands: readonly [Operand, Operand] }
  | { readonly kind: 'not'; readonly of: Eligibility }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Eligibility[] };

export type Operand = { readonly field: RuleField } | { readonly text: string };

/** A rule that concerns a consumer's requests, as far as it is known without looking at one of them. */
export interface AppliedRule {
  readonly looksAtAddress: boolean;
  /** What a request from this address must pay. */
  charge(address: IpNumber | undefined): Charge;
}

/** The rules that concern requests with these facts. */
export function applyRules(rules: readonly CustomRule[], facts: RequestFacts): readonly AppliedRule[] {
  if (rules.length === 0) return [];
  const fields = ruleFields(facts);
  return rules.filter(({ eligible }) => holds(eligible, fields)).map((rule) => applied(rule, fields));
}

function holds(eligible: Eligibility, fields: RuleFields): boolean {
  switch (eligible.kind) {
    case 'constant':
      return eligible.holds;
    case 'equal': {
      const [left, right] = eligible.operands.map((operand) => valueOf(operand, fields));
      return left !== undefined && left === right;
    }
    case 'not':
      return !holds(eligible.of, fields);
    case 'and':
      return eligible.of.every((part) => holds(part, fields));
    case 'or':
      return eligible.of.some((part) => holds(part, fields));
    default:
      return eligible satisfies never;
  }
}

function valueOf(operand: Operand, fields: RuleFields): string | undefined {
  return 'text' in operand ? operand.text : fields[operand.field];
}

function applied({ name, limit, key }: CustomRule, fields: RuleFields): AppliedRule {
  // A colon stands between the parts of a counter's name anyway.
  const parts = key.filter((part) => !('text' in part) || part.text !== ':');
  const charge = (address: IpNumber | undefined): Charge => {
    const subject = parts.map((part) => {
      if ('text' in part) return part.text;
      return part.field === 'clientIp'
        ? keyPart('clientIp', networkOf(address))
        : keyPart(part.field, fields[part.field]);
    });
    return { ...requestCharge('custom', limit, counterKey('custom', limit, [name, ...subject])), rule: name };
  };
  const looksAtAddress = key.some((part) => 'field' in part && part.field === 'clientIp');
  const always = looksAtAddress ? undefined : charge(undefined);
  return { looksAtAddress, charge: (address) => always ?? charge(address) };
}

/** As in WSO2, a placeholder without a value stays. No value looks like one: a dollar sign at its beginning is doubled. */
function keyPart(field: string, value: string | undefined): string {
  if (value === undefined) return `$${field}`;
  return value.startsWith('$') ? `$${value}` : value;
}

/** An address as one integer, as in WSO2. One host has all addresses of an IPv6 network of 64 bits, so that counts as one. */
function networkOf(address: IpNumber | undefined): string | undefined {
  if (address === undefined || typeof address === 'number') return address?.toString();
  return ((address >> 64n) << 64n).toString();
}
