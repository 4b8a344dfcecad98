import { add, change, without, type BrokenHome, paths } from './broken-home.ts';

const { toml, api } = paths;

export const brokenFolders: readonly BrokenHome[] = [
  {
    name: 'no deployment.toml',
    files: without(toml),
    at: `${toml}:1:1 error[missing-deployment-toml]`,
    says: 'no deployment.toml at its top',
  },
  {
    name: 'two deployment.toml',
    ...add('deployment.toml', ''),
    at: 'deployment.toml:1:1 error[conflict]',
    says: `also a ${toml}`,
  },
  { name: 'no API', files: without(api), at: 'apis:1:1 error[no-api]', errors: 2, says: 'nothing to serve' },
  {
    name: 'no API that is served',
    ...change(api, 'PUBLISHED', 'RETIRED'),
    at: 'apis:1:1 error[no-api]',
    says: 'no API under apis/ is served',
  },
  {
    name: 'an API project without its description',
    ...add('apis/Empty/', ''),
    at: 'apis/Empty/:1:1 error[no-api]',
    says: 'has no api.yaml',
  },
  {
    name: 'an archive without a project',
    ...add('apis/Orders-1.0.0.zip/', ''),
    at: 'apis/Orders-1.0.0.zip/:1:1 error[no-api]',
    says: 'has no api.yaml',
  },
  {
    name: 'a deny policy of no type',
    ...add('deny-policies/one.json', '{}'),
    at: 'deny-policies/one.json:1:1 error[missing-value]',
    says: 'conditionType is missing',
  },
];
