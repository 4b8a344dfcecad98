import { apiProject, application, TestHome } from '../../gateway/test/support/test-home.ts';
import { issuerName, jwksOf, Signer } from '../../gateway/test/support/signer.ts';
import { fullHomeFiles, plenty } from './sluice-home.ts';

const deniedAddresses = 10_000;
const hourMs = 3_600_000;

/**
 * The home with all levels and, besides, what looks at each request: a policy with conditional groups by address, header and claim,
 * of which the last one fits; 10,000 denied addresses; and a token of an issuer instead of an API key.
 */
export function everyLevelHome(
  backendPort: number,
  tables: string,
): { readonly home: TestHome; readonly token: string } {
  const signer = new Signer();
  const files = fullHomeFiles(backendPort, `${tables}${issuerTable}`);
  const home = new TestHome({
    ...files,
    'keys/issuer.json': jwksOf(signer),
    'apis/Full.yaml': apiProject({
      name: 'Full',
      production: backendPort,
      policies: ['Plenty'],
      securityScheme: '[oauth2]',
      maxTps: `{production: ${plenty}}`,
      operations: '[{target: /*, verb: GET, throttlingPolicy: Sorted}]',
    }),
    'policies/Sorted.yaml': sortedPolicy,
    'deny-policies/addresses.yaml': denied(),
    'applications/Full.yaml': application('Full', { Full: 'Plenty' }, 'PlentyForApp').replace(
      'applicationInfo: {',
      'applicationInfo: {keys: [{keyType: PRODUCTION, consumerKey: full-prod}], ',
    ),
  });
  const exp = Math.floor((Date.now() + 24 * hourMs) / 1000);
  return { home, token: signer.token({ azp: 'full-prod', plan: 'premium', exp }) };
}

const issuerTable = `[[apim.jwt.issuer]]
name = "${issuerName}"
jwks.file = "keys/issuer.json"
`;

const limit = `{type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: hour, unitTime: 1, requestCount: ${plenty}}}`;
const range = 'ipCondition: {ipConditionType: IPRANGE, startingIP: 10.1.0.1, endingIP: 10.1.0.254}';

const sortedPolicy = `
type: throttling policy
subtype: advanced policy
version: v4.7.0
data:
  policyName: Sorted
  defaultLimit: ${limit}
  conditionalGroups:
    - conditions: [{type: IPCONDITION, ${range}}]
      limit: ${limit}
    - conditions: [{type: HEADERCONDITION, headerCondition: {headerName: User-Agent, headerValue: "^okhttp"}}]
      limit: ${limit}
    - conditions: [{type: JWTCLAIMSCONDITION, jwtClaimsCondition: {claimUrl: plan, attribute: "^prem"}}]
      limit: ${limit}
`;

/** Every other address of a range, so that none of them join. */
function denied(): string {
  const lines: string[] = [];
  for (let n = 0; n < deniedAddresses; n += 1) {
    const address = `203.${Math.floor(n / 32_768)}.${Math.floor((2 * n) / 256) % 256}.${(2 * n) % 256}`;
    lines.push(
      `- {conditionType: IP, conditionValue: {fixedIp: ${address}, invert: false}, conditionStatus: true}`,
    );
  }
  return lines.join('\n');
}
