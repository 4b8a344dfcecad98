import { type Deployment, readTable } from './deployment-table.ts';
import { flag, mapping } from './expected.ts';
import { throttlingKeys } from './no-effect.ts';

/** Switches of WSO2 for what policies may look at, each absent where the file doesn't say. */
export interface ThrottlingSwitches {
  readonly headers?: boolean;
  readonly parameters?: boolean;
  readonly claims?: boolean;
  readonly denyPolicies?: boolean;
}

/** The names of the switches in `[apim.throttling]`. */
export const switchKeys: Readonly<Record<keyof ThrottlingSwitches, string>> = {
  headers: 'enable_header_based_throttling',
  parameters: 'enable_query_param_based_throttling',
  claims: 'enable_jwt_claim_based_throttling',
  denyPolicies: 'enable_blacklist_condition',
};

const table = {
  path: ['apim', 'throttling'],
  schema: mapping({
    enable_header_based_throttling: flag().optional(),
    enable_query_param_based_throttling: flag().optional(),
    enable_jwt_claim_based_throttling: flag().optional(),
    enable_blacklist_condition: flag().optional(),
  }),
  noEffect: throttlingKeys,
  unknownIs: 'warning',
} as const;

/** Reads what of `[apim.throttling]` means something without a traffic manager. */
export function readThrottlingTable(deployment: Deployment): ThrottlingSwitches {
  const {
    enable_header_based_throttling: headers,
    enable_query_param_based_throttling: parameters,
    enable_jwt_claim_based_throttling: claims,
    enable_blacklist_condition: denyPolicies,
  } = readTable(deployment, table);
  return {
    ...(headers !== undefined && { headers }),
    ...(parameters !== undefined && { parameters }),
    ...(claims !== undefined && { claims }),
    ...(denyPolicies !== undefined && { denyPolicies }),
  };
}
