import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import { homeOf } from './homes.ts';

/** As a gateway of a WSO2 cluster has it, with the table that names Redis. */
const deploymentToml = String.raw`[server]
hostname = "gw.wso2.com"
node_ip = "$env{NODE_IP}"
server_role = "default"
offset=0

[user_store]
type = "database_unique_id"

[super_admin]
username = "admin"
password = "$secret{admin_password}"
create_admin_account = true

[database.shared_db]
type = "mysql"
url = "jdbc:mysql://localhost:3306/shared_db?autoReconnect=true&amp;useSSL=false"
password = "$secret{shared_db_password}"
[database.shared_db.pool_options]
maxActive = "100"

[keystore.primary]
file_name = "wso2carbon.jks"
password = "$secret{keystore_password}"
[truststore]
type = "JKS"
[apim.ai]
enable = false
[transport.http]
properties.port = 9763
[apim.key_manager]
service_url = "https://km:9443/services/"
username= "$ref{super_admin.username}"
password= "$ref{super_admin.password}"
[apim.throttling]
throttle_decision_endpoints = ["tcp://tm1:5672"]
[[apim.throttling.url_group]]
traffic_manager_urls = ["tcp://tm1:9611"]
type = "loadbalance"
[apim.event_hub]
enable = true
[apim.cache.gateway_token]
enable = true
[apim.oauth_config]
enable_outbound_auth_header = false
[apim.cors]
allow_origins = ["*"]
[apim.redis_config]
host = "redis.internal"
port = 6379
user = "gw"
password = "$secret{redis_password}"
gateway_id = "$env{NODE_IP}"
min_gateway_count = 3
key_lock_retrieval_timeout = 50
ssl = false
connection_timeout = 1000
socket_timeout = 1000

[apim.redis_config.pool_options]
max_total = 80
[throttle_properties]
'throttling.distributed.counter.type' = "redis"
'throttling.sync-async_hybrid_mode.enable' = true
'throttling.local_quota_buffer_percentage' = 30
'throttling.replication.frequency' = "50"
[transport.passthru_https.sender.parameters]
HostnameVerifier = "AllowAll"
[secrets]
admin_password = "kuv2MubUUveMyv6GeHrXr9il59ajJIqUI4eoYHcgGKf"
redis_password = "[s3cret]"
`;

/** As apictl exports an API, cut down to one operation. */
const apiYaml = `type: api
version: v4.6.0
data:
  id: 1eac20a4-4240-4fb7-8ced-c257e25e542d
  name: PizzaShackAPI
  context: /pizzashack
  version: 1.0.0
  provider: admin
  lifeCycleStatus: PUBLISHED
  isRevision: false
  revisionId: 0
  type: HTTP
  audiences:
    - all
  policies:
    - Bronze
  apiKeyHeader: ApiKey
  securityScheme:
    - oauth_basic_auth_api_key_mandatory
    - oauth2
    - api_key
  websubSubscriptionConfiguration:
    enable: false
    secret: ""
  lastUpdatedTime: 2025-03-09 12:42:27.82
  endpointConfig:
    endpoint_type: http
    sandbox_endpoints:
      url: https://localhost:9443/am/sample/pizzashack/v1/api/
    production_endpoints:
      url: https://localhost:9443/am/sample/pizzashack/v1/api/
    endpoint_security:
      sandbox:
        enabled: true
  endpointImplementationType: ENDPOINT
  subtypeConfiguration:
    subtype: DEFAULT
  scopes: []
  operations:
    -
      id: ""
      target: "/orders/{orderId}"
      verb: GET
      authType: Application & Application User
      throttlingPolicy: Unlimited
      scopes: []
      usedProductIds: []
      operationPolicies:
        request: []
        response: []
        fault: []
  gatewayVendor: wso2
  gatewayType: wso2/synapse
  asyncTransportProtocols: []
  egress: false
  organizationId: carbon.super
`;

test('what a WSO2 gateway has can be brought as it is: only notes, and the settings that matter', () => {
  const home = homeOf({
    'repository/conf/deployment.toml': deploymentToml,
    'apis/PizzaShackAPI-1.0.0/api.yaml': apiYaml,
  });
  const { config, diagnostics } = readConfig(home, { variables: { NODE_IP: '10.0.0.7' }, hostName: 'h' });
  expect(diagnostics.filter(({ severity }) => severity !== 'note')).toEqual([]);
  expect(config).toMatchObject({
    gateway: { id: '10.0.0.7', countMin: 3, claimDeadlineMs: 50 },
    store: { kind: 'redis', host: 'redis.internal', port: 6379, user: 'gw', password: 's3cret' },
    apis: [
      {
        basePaths: ['/pizzashack/1.0.0'],
        backends: {
          PRODUCTION: {
            targets: [{ url: 'https://localhost:9443/am/sample/pizzashack/v1/api' }],
            choice: 'single',
          },
        },
        operations: [{ target: '/orders/{orderId}', verb: 'GET', open: false }],
      },
    ],
  });
  expect(JSON.stringify(diagnostics)).not.toContain('s3cret');
});
