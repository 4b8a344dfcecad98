import type { Random } from '../support/random.ts';
import { bearers, deniedBearers, deniedKey, keys } from './served.ts';
import { shuffled, spelledName } from './spelled.ts';

/** What proves who somebody is. */
export interface Credential {
  readonly kind: 'key' | 'token';
  readonly text: string;
}

/** What a request shows, and what that proves at most. */
export interface Shown {
  readonly lines: readonly string[];
  readonly query?: string;
  readonly proves: readonly Credential[];
}

export function shownBy(random: Random): Shown {
  const kind = random.below(10);
  if (kind === 0) return { lines: [], proves: [] };
  if (kind < 6) return keyShown(random);
  if (kind < 9) return tokenShown(random);
  const [key, token] = [keyShown(random), tokenShown(random)];
  return { ...key, lines: [...key.lines, ...token.lines], proves: [...key.proves, ...token.proves] };
}

function keyShown(random: Random): Shown {
  const text = random.pick([...keys, deniedKey]);
  const other = random.pick([...keys, deniedKey]);
  const own: Credential = { kind: 'key', text };
  const name = spelledName(random, 'ApiKey');
  const exact = {
    lines: [`${name}:${random.pick(['', ' ', '  ', '\t'])}${text}${random.pick(['', ' ', '\t '])}`],
    proves: [own],
  };
  if (random.chance(0.5)) return exact;
  const utf8 = Buffer.from(text, 'latin1').toString('utf8');
  return random.pick<() => Shown>([
    () => ({ ...exact, lines: [...exact.lines, `${spelledName(random, 'ApiKey')}: ${other}`] }),
    () => ({ ...exact, lines: [...exact.lines, `${spelledName(random, 'ApiKey')}: ${text}`] }),
    () => ({ ...exact, lines: [...exact.lines, 'ApiKey:'] }),
    () => valueShown(name, oddValue(random, text, other)),
    () => ({
      lines: [
        `${random.pick(['Api-Key', 'Api_Key', 'apikey_', 'ApiKey ', ' ApiKey', 'ApiKey\t', 'X-ApiKey', 'Api Key', 'ApiKey\0', 'ÀpiKey'])}: ${text}`,
      ],
      proves: [],
    }),
    () => ({ lines: [`${name}:\r\n ${text}`], proves: [own] }),
    () => ({ lines: [`X-A: b\n${name}: ${text}`], proves: [] }),
    () => ({ lines: [`X-A: b\r${name}: ${text}`], proves: [] }),
    () => ({ lines: [], query: `apikey=${encodeURIComponent(utf8)}`, proves: [] }),
    () => ({
      lines: [],
      query: `apikey=${encodeURIComponent(utf8)}&apikey=${encodeURIComponent(other)}`,
      proves: [],
    }),
    () => ({
      lines: [`${name}: ${other}`],
      query: `apikey=${encodeURIComponent(utf8)}`,
      proves: [{ kind: 'key', text: other }],
    }),
    () => ({ ...exact, lines: [...exact.lines, `Connection: ${name}`] }),
  ])();
}

/** A value that may be a key by chance. */
function valueShown(name: string, value: string): Shown {
  const proves = keys.filter((key) => key === value.replace(/^[ \t]+|[ \t]+$/g, ''));
  return { lines: [`${name}: ${value}`], proves: proves.map((text) => ({ kind: 'key', text })) };
}

function oddValue(random: Random, text: string, other: string): string {
  const utf8 = Buffer.from(text, 'latin1').toString('utf8');
  return random.pick([
    `${text}, ${other}`,
    `${text},${other}`,
    `"${text}"`,
    `'${text}'`,
    encodeURIComponent(utf8),
    Buffer.from(text, 'latin1').toString('base64'),
    text.toUpperCase(),
    `${text}\0`,
    `${text}\x0b`,
    `Bearer ${text}`,
    `${text}; ${other}`,
    Buffer.from(utf8.normalize('NFD'), 'utf8').toString('latin1'),
    text.slice(0, -1),
    `${text}${'x'.repeat(2000)}`,
    '*',
    '',
  ]);
}

function tokenShown(random: Random): Shown {
  const text = random.pick([...bearers, ...deniedBearers]);
  const other = random.pick(bearers);
  const own: Credential = { kind: 'token', text };
  const name = spelledName(random, 'Authorization');
  const scheme = random.pick(['Bearer', 'bearer', 'BEARER', 'bEARER']);
  const exact = {
    lines: [`${name}: ${scheme} ${random.pick(['', ' ', '  '])}${text}${random.pick(['', ' ', '\t'])}`],
    proves: [own],
  };
  if (random.chance(0.7)) return exact;
  const [head = '', claims = '', signature = ''] = text.split('.');
  const otherClaims = other.split('.')[1] ?? '';
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  return random.pick<() => Shown>([
    () => ({ ...exact, lines: [...exact.lines, `${spelledName(random, 'Authorization')}: Bearer ${other}`] }),
    () => ({
      lines: [
        `${name}: ${scheme} ${random.pick([`${head}.${otherClaims}.${signature}`, `${none}.${claims}.`, `${none}.${claims}.${signature}`, `${head}.${claims}.`, `${head}.${claims}.${signature}A`, `${head}.${claims}.${signature.slice(0, -2)}`])}`,
      ],
      proves: claims === otherClaims ? [own] : [],
    }),
    () => ({
      lines: [
        `${name}: ${scheme} ${random.pick([`${text}=`, `${text}==`, `${head}=.${claims}.${signature}`, `${text}, Bearer ${other}`, `${text} ${other}`, `"${text}"`, text.replaceAll('-', '+').replaceAll('_', '/'), `${text}.`])}`,
      ],
      proves: [own],
    }),
    () => ({
      lines: [`${name}: ${random.pick(['Basic', 'Bearer\t', 'Bearer,', 'Bearer:', 'Token', ''])} ${text}`],
      proves: [own],
    }),
    () => ({ lines: [`ApiKey: ${text}`], proves: [] }),
    () => ({ lines: [], query: `access_token=${text}`, proves: [] }),
  ])();
}

export function queryOf(random: Random, shown: string | undefined): string {
  const others = random.chance(0.2)
    ? [
        random.pick([
          'a=b',
          'ApiKey=web',
          'api_key=web',
          'access_token=web',
          'apikey',
          'x=%00',
          'x=%2F..%2F',
          '?',
          ';apikey=web',
          'xapikey=web',
          'apikey%3Dweb',
          '%61pikey=web',
          'é',
          '"<>"',
          'a b',
        ]),
      ]
    : [];
  const all = shuffled(random, shown === undefined ? others : [shown, ...others]);
  return all.length === 0 ? '' : `?${all.join('&')}`;
}

/** A key that is the query's only one, where no header shows any. */
export function inQuery(target: string, { lines }: Shown): readonly Credential[] {
  const parameters = target
    .slice(target.indexOf('?') + 1)
    .split('&')
    .filter((one) => one.startsWith('apikey='));
  const [parameter] = parameters;
  if (
    lines.some((line) => /^apikey:/i.test(line)) ||
    parameters.length !== 1 ||
    parameter === undefined ||
    !target.includes('?')
  )
    return [];
  return keys
    .filter(
      (key) => `apikey=${encodeURIComponent(Buffer.from(key, 'latin1').toString('utf8'))}` === parameter,
    )
    .map((text) => ({ kind: 'key', text }));
}
