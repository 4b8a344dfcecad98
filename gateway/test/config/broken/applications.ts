import { goodFiles } from '../homes.ts';
import { add, change, type BrokenHome, paths } from './broken-home.ts';

const { application } = paths;

export const brokenApplications: readonly BrokenHome[] = [
  {
    name: 'an application without a name',
    ...change(application, '    name: MobileApp\n', ''),
    at: `${application}:4:3 error[missing-value]`,
    says: 'name is missing',
  },
  {
    name: 'an application tier that nobody defines',
    ...change(application, '50PerMin', 'Gold'),
    at: `${application}:7:23 error[unknown-tier]`,
    says: 'no application tier named "Gold"',
  },
  {
    name: 'a key in clear',
    ...change(application, 'sha256', 'key'),
    at: `${application}:11:29 error[plain-key]`,
    says: 'not stored in clear',
  },
  {
    name: 'a digest that is cut short',
    ...change(application, '0c0c', '0c'),
    at: `${application}:12:34 error[invalid-value]`,
    says: '64 hexadecimal digits',
  },
  {
    name: 'an unknown key type',
    ...change(application, 'keyType: SANDBOX', 'keyType: TEST'),
    at: `${application}:12:17 error[invalid-value]`,
    says: '"TEST"',
  },
  {
    name: 'one key twice',
    ...change(application, '0c'.repeat(32), 'ab'.repeat(32)),
    at: `${application}:12:34 error[duplicate]`,
    says: `${application}:11`,
  },
  {
    name: 'one application twice',
    ...add('applications/Other.yaml', goodFiles[application]?.replace(/ {2}apiKeys:\n.*\n.*\n/, '') ?? ''),
    at: 'applications/Other.yaml:5:11 error[duplicate]',
    says: `${application}:5`,
    // Its consumer key is there twice too.
    errors: 2,
  },
  {
    name: 'a subscription to an API that nobody serves',
    ...change(application, 'apiName: Orders', 'apiName: Order'),
    at: `${application}:14:25 error[unknown-api]`,
    says: '"Order"',
  },
  {
    name: 'a subscription to another version',
    ...change(application, 'version: 1.0.0}', 'version: 2.0.0}'),
    at: `${application}:14:25 error[unknown-api]`,
    says: 'no version "2.0.0"',
  },
  {
    name: 'a subscription with an unknown tier',
    ...change(application, 'PartnerGold', 'PartnerGld'),
    at: `${application}:14:68 error[unknown-tier]`,
    says: '"PartnerGld"',
  },
  {
    name: 'a subscription twice',
    ...change(
      application,
      '  subscribedAPIs:\n',
      '  subscribedAPIs:\n    - {apiId: {name: Orders, version: 1.0.0}, throttlingPolicy: Gold}\n',
    ),
    at: `${application}:15:25 error[duplicate]`,
    says: 'at line 14',
  },
  {
    name: 'an unknown state of a subscription',
    ...change(application, 'throttlingPolicy: PartnerGold', 'throttlingPolicy: PartnerGold, status: ACTIVE'),
    at: `${application}:14:89 error[invalid-value]`,
    says: '"ACTIVE"',
  },
];
