import type { Random } from '../support/random.ts';
import { host, type Asked } from './served.ts';

/** Ways to write an operation's path, of which some mean it. */
export function targetOf(random: Random, { path }: Asked): string {
  let spelled = path;
  for (let times = random.pick([0, 0, 0, 1, 1, 1, 2, 3]); times > 0; times -= 1)
    spelled = random.pick(pathTricks)(spelled, random);
  return random.chance(0.15) ? random.pick(absolutes)(spelled) : spelled;
}

const absolutes: readonly ((path: string) => string)[] = [
  (path) => `http://${host}${path}`,
  (path) => `HTTP://${host.toUpperCase()}${path}`,
  (path) => `https://${host}${path}`,
  (path) => `http://elsewhere.example${path}`,
  (path) => `http://user@${host}${path}`,
  (path) => `http:${path}`,
  (path) => `//${host}${path}`,
  (path) => `ftp://${host}${path}`,
  (path) => `http://${host}\\${path}`,
];

type PathTrick = (path: string, random: Random) => string;
const pathTricks: readonly PathTrick[] = [
  (path, random) => escapeAt(path, random, 'upper'),
  (path, random) => escapeAt(path, random, 'lower'),
  (path, random) => escapeAt(escapeAt(path, random, 'upper'), random, 'lower'),
  (path, random) =>
    insertAt(path, random, random.pick(['%25', '%2525', '%', '%4', '%zz', '%u0041', '%c0%af', '%C3%A4'])),
  (path, random) =>
    insertAt(
      path,
      random,
      random.pick(['%2F', '%2f', '%5C', '%5c', '\\', '%00', '\0', '%0d%0a', '\x7f', 'ä']),
    ),
  (path, random) =>
    atSlash(
      path,
      random,
      random.pick([
        '/',
        '//',
        '/.',
        '/./',
        '/../',
        '/..;/',
        '/.;/',
        '/%2e/',
        '/%2E%2e/',
        '/.%2e/',
        '/;/',
        '/..%2f',
      ]),
    ),
  (path, random) => atSlash(path, random, `/${random.pick(['x', 'orders', 'open', 'free'])}/..`),
  (path, random) =>
    insertAt(
      path,
      random,
      random.pick([
        ';',
        ';a=b',
        ';jsessionid=1',
        '%3B',
        '%3Ba=b',
        ',',
        ':',
        '@',
        '=',
        '&',
        '+',
        '~',
        "'",
        '*',
        '(',
        '$',
      ]),
    ),
  (path, random) =>
    `${path}${random.pick(['/', '//', '/.', '/..', '/%2e', ';', '.', '..', '.json', '%20', '?', '#', '#x', '?x#y', '*'])}`,
  (path, random) => changeCase(path, random),
  (path) => path.replaceAll('!', '%21'),
  (path) => path.slice(1),
  (path) => path.toUpperCase(),
  (path) => path.replace(/^\/orders\/1\.0\.0/, '/orders'),
  (path) => path.replace(/\/items/, '/items/{id}'),
  (path) => path.replace(/\/\w+$/, '/*'),
  (path) => `/free/..${path}`,
  (path) => `${path}?${path}`,
];

function escapeAt(path: string, random: Random, letters: 'upper' | 'lower'): string {
  const at = random.below(path.length);
  if (at === 0 && random.chance(0.9)) return path;
  const hex = path.charCodeAt(at).toString(16).padStart(2, '0');
  return `${path.slice(0, at)}%${letters === 'upper' ? hex.toUpperCase() : hex}${path.slice(at + 1)}`;
}

function insertAt(path: string, random: Random, text: string): string {
  const at = random.below(path.length + 1);
  return path.slice(0, at) + text + path.slice(at);
}

function atSlash(path: string, random: Random, text: string): string {
  const slashes = [...path.matchAll(/\//g)].map(({ index }) => index);
  const at = random.pick(slashes.length === 0 ? [0] : slashes);
  return path.slice(0, at) + text + path.slice(at + 1);
}

function changeCase(path: string, random: Random): string {
  const at = random.below(path.length);
  const letter = path.charAt(at);
  return (
    path.slice(0, at) +
    (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()) +
    path.slice(at + 1)
  );
}
