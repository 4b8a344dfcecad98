import { distance } from 'fastest-levenshtein';

const masked = '***';
/** A key with the sign that ends it, in TOML, YAML or JSON. */
const keyPattern = /([\w.$-]+)["']?\s*[:=]\s*/g;
const secretWords = ['password', 'passwd', 'passphrase', 'secret', 'credential'];
const secretNames: ReadonlySet<string> = new Set(['key', 'apikey', 'rawkey', 'privatekey', 'pass', 'pwd']);

/**
 * The line with everything after the key of a secret masked, and with the user part of URLs masked. Masks too much rather
 * than too little: the rest of the line may belong to the secret.
 */
export function maskSecrets(line: string): string {
  for (const found of line.matchAll(keyPattern)) {
    const valueStart = found.index + found[0].length;
    if (namesSecret(found[1] ?? '')) return maskFrom(line, valueStart);
  }
  return maskUrlUsers(line);
}

/** The line with the value masked that belongs to the first key at or after a column (from 1); a port hides nothing. */
export function maskValueAfter(line: string, column: number): string {
  const separator = /[:=]\s*/.exec(line.slice(column - 1));
  if (separator === null) return line;
  const valueStart = column - 1 + separator.index + separator[0].length;
  return /^(true|false|\d{1,5})\s*(#.*)?$/.test(line.slice(valueStart)) ? line : maskFrom(line, valueStart);
}

/** The line with everything masked from an offset on. */
export function maskFrom(line: string, offset: number): string {
  return offset < line.length ? line.slice(0, offset) + masked : line;
}

/** `http://user:password@host` without user and password. */
export function maskUrlUsers(text: string): string {
  return text.replace(/\/\/[^/\s"']*@/g, `//${masked}@`);
}

/** Whether a key's name says that its value is a secret, also when it is mistyped. */
export function namesSecret(key: string): boolean {
  return key.split('.').some((part) => {
    const name = part.toLowerCase().replace(/[^a-z0-9]/g, '');
    if (name.length > 100) return false;
    if (secretNames.has(name) || name.endsWith('token')) return true;
    return secretWords.some((word) => name.includes(word)) || isNearSecret(name);
  });
}

function isNearSecret(name: string): boolean {
  return distance(name, 'password') <= 2 || distance(name, 'secret') <= 1;
}
