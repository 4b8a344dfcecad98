import { apiProduct, application, subscriptionPolicy } from '../support/test-home.ts';

const operations = '[{target: /items, verb: GET}]';
const limited = '[{target: /items, verb: GET, throttlingPolicy: Many}]';

/** API products, what they are made of, and who subscribes to them. */
export function productFiles(
  api: (name: string, more?: { readonly maxTps?: string; readonly operations?: string }) => string,
): Readonly<Record<string, string>> {
  const perHour = (production: number): string => `{production: ${production}, productionTimeUnit: HOUR}`;
  const product = (name: string, apis: Readonly<Record<string, string>>, policies: readonly string[]) =>
    apiProduct({ name, apis, policies });
  const pair = { name: 'Pair', apis: { Member: operations }, policies: ['SixAnHour'] };
  const secondVersion = '    - {apiId: {apiName: Pair, version: 2.0.0}, throttlingPolicy: SixAnHour}\n';
  const others = '[{target: /others, verb: GET}]';
  return {
    'apis/Reached.yaml': api('Reached', { maxTps: perHour(1000), operations }),
    'apis/DeskOne.yaml': product('Desk:One', { Reached: limited }, ['Plan']),
    'apis/Member.yaml': api('Member', { operations }),
    'apis/PairOne.yaml': apiProduct(pair),
    'apis/PairTwo.yaml': apiProduct({ ...pair, version: '2.0.0' }),
    'apis/Quick.yaml': product('Quick', { Member: operations }, ['FiveAtOnce']),
    'apis/Narrow.yaml': api('Narrow', { maxTps: perHour(8), operations }),
    'apis/Others.yaml': api('Others', { operations: others }),
    'apis/Wide.yaml': product('Wide', { Narrow: operations, Others: others }, ['Unlimited']),
    'apis/Wider.yaml': product('Wider', { Narrow: operations }, ['Unlimited']),
    'policies/SixAnHour.yaml': subscriptionPolicy('SixAnHour', { perHour: 6 }),
    'applications/Shop.yaml': application('Shop', { Pair: 'SixAnHour', Member: 'Unlimited' }) + secondVersion,
    'applications/Hurried.yaml': application('Hurried', { Quick: 'FiveAtOnce', Member: 'Unlimited' }),
    'applications/Reacher.yaml': application('Reacher', {
      Narrow: 'Unlimited',
      Wide: 'Unlimited',
      Wider: 'Unlimited',
    }),
  };
}
