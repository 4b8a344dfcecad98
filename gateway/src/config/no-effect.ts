import { apimSectionsWithoutEffect, sectionsWithoutEffect } from './wso2-names.ts';

/*
 * WSO2's keys in deployment.toml that have no effect here, and why. Whoever brings a file from WSO2 should learn what becomes
 * of each setting.
 */

/** Keys of one table; the reason follows "has no effect here: ". */
export interface NoEffect {
  readonly names: readonly string[];
  readonly reason: (key: string) => string | undefined;
}

export const nothing: NoEffect = { names: [], reason: () => undefined };

const notNeeded = "it is WSO2's, and a rate limiter doesn't need it";

/** Top-level tables. */
export const sections: NoEffect = {
  names: sectionsWithoutEffect,
  reason: (key) => (sectionsWithoutEffect.includes(key) ? notNeeded : undefined),
};

/** Tables below `[apim]`. */
export const apimSections: NoEffect = {
  names: apimSectionsWithoutEffect,
  reason: (key) => {
    if (key === 'distributed_throttling') return 'quotas are counted in the same store as bursts';
    return apimSectionsWithoutEffect.includes(key) ? notNeeded : undefined;
  },
};

const noBackendToken = 'no token is made for backends';

/** Keys of `[apim.jwt]`. */
export const jwtKeys: NoEffect = fixed({
  enable: noBackendToken,
  header: noBackendToken,
  encoding: noBackendToken,
  claim_dialect: noBackendToken,
  convert_dialect: noBackendToken,
  signing_algorithm: noBackendToken,
  enable_user_claims: noBackendToken,
  enable_tenant_based_signing: noBackendToken,
  claims_extractor_impl: noBackendToken,
  generator_impl: noBackendToken,
  binding_claims: noBackendToken,
  gateway_generator: noBackendToken,
  use_sha256_hash: noBackendToken,
});

/** Keys of `[apim.oauth_config]`. */
export const oauthKeys: NoEffect = fixed({
  auth_header: 'authorizationHeader of an API names its header',
  token_endpoint: 'tokens are verified here, not asked for',
  enable_outbound_auth_header: 'remove_outbound_auth_header = false says the same',
  removeOutboundAuthHeader: 'remove_outbound_auth_header says the same',
  enable_token_encryption: notNeeded,
  enable_token_hashing: notNeeded,
  enable_certificate_bound_access_token: 'tokens are not bound to certificates',
  revoke_endpoint: 'tokens that were taken back are listed under revoked-tokens/',
  white_listed_scopes: 'every scope of an operation is asked for',
  allowed_scopes: 'every scope of an operation is asked for',
});

const noTrafficManager = 'quotas are counted by the gateways themselves, there is no traffic manager';

/** Keys of `[apim.throttling]`. */
export const throttlingKeys: NoEffect = fixed({
  username: noTrafficManager,
  password: noTrafficManager,
  service_url: noTrafficManager,
  throttle_decision_endpoints: noTrafficManager,
  event_type: noTrafficManager,
  enable_data_publishing: noTrafficManager,
  enable_policy_deploy: noTrafficManager,
  enable_decision_connection: noTrafficManager,
  enable_persistence: noTrafficManager,
  decision_connection_type: noTrafficManager,
  url_group: noTrafficManager,
  publisher: noTrafficManager,
  jms: noTrafficManager,
  blacklist_condition: 'deny policies are read from the home',
  enable_advanced_throttling: 'there is no other way to limit',
  enable_unlimited_tier: 'Unlimited can always be used',
});

/** Keys of `[apim.redis_config]`. */
export const redisKeys: NoEffect = fixed({ pool_options: 'one connection is enough' });

const identity = 'a gateway is known by its gateway_id and reached where [sluice.listener] says';
const noConsole = 'there is no console and no admin service';

/** Keys of `[server]`. */
export const serverKeys: NoEffect = fixed({
  hostname: identity,
  internal_hostname: identity,
  node_ip: identity,
  server_role: 'every process is a gateway',
  mode: 'every process is a gateway',
  base_path: identity,
  enableMTOM: 'bodies pass through unread',
  enableSwA: 'bodies pass through unread',
  enable_mtom: 'bodies pass through unread',
  enable_swa: 'bodies pass through unread',
  disable_shutdown_from_ui: noConsole,
  disable_restart_from_ui: noConsole,
  hide_admin_service_wsdl: noConsole,
  force_local_cache: 'there is nothing to cache',
});

const membersSay = 'members find each other by their addresses, and need no coordinator';

/** Keys of `[clustering]`. */
export const clusteringKeys: NoEffect = fixed({
  coordination_persistence_enabled: membersSay,
  coordinator_id: membersSay,
  properties: membersSay,
  parameters: membersSay,
  sub_domain: membersSay,
  local_member_bind_address: 'a gateway listens for the others at its local_member_host',
  local_member_bind_port: 'a gateway listens for the others at its local_member_port',
});

const nothingReplicated = 'units are counted in the store before they are used, nothing is replicated';
const countersExpire = 'counters expire with their windows and need no cleaning up';

const throttleReasons = fixed({
  'throttling.sync-async_hybrid_mode.enable': 'counting is exact without a choice of modes',
  'throttling.local_quota_buffer_percentage': 'no local quota is guessed, so none needs a buffer',
  'throttling.hybrid_throttle_processor_window.type': 'each limit says itself how it is counted',
  'throttling.unified_replicator.enable': nothingReplicated,
  'throttling.pool.size': nothingReplicated,
  'throttling.replication.frequency': nothingReplicated,
  'throttling.keys.to.replicate': nothingReplicated,
  'throttlingWindowReplicator.pool.size': nothingReplicated,
  'throttlingWindowReplicator.replication.frequency': nothingReplicated,
  'throttling.context.cleanup.frequency': countersExpire,
  'throttling.context.distributed.cleanup.frequency': countersExpire,
  'throttling.context.distributed.expired.instance.time': countersExpire,
  'throttling.context.distributed.cleanup.pool.size': countersExpire,
  'throttling.context.distributed.cleanup.amount': countersExpire,
  'throttling.context.distributed.cleanup.task.enabled': countersExpire,
  'stale.counter.references': countersExpire,
});

/** Keys of `[throttle_properties]`. */
export const throttleKeys: NoEffect = {
  names: throttleReasons.names,
  reason: (key) =>
    key.startsWith('throttling.distributed.counter.configurations.')
      ? 'the store is set up in [apim.redis_config]'
      : throttleReasons.reason(key),
};

function fixed(reasons: Readonly<Record<string, string>>): NoEffect {
  return {
    names: Object.keys(reasons),
    reason: (key) => (Object.hasOwn(reasons, key) ? reasons[key] : undefined),
  };
}
