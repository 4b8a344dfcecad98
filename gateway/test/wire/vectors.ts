import { readdirSync, readFileSync } from 'node:fs';

/*
 * A vector file is text: `#` starts a comment, `== name` a vector, `@key value` something about it, and every other line is
 * bytes, with \r \n \t \0 \v \\ and \xNN; line breaks of the file are none of the message. `…*N` repeats the line's last
 * character N times in all.
 */

/** Raw bytes and what becomes of them. */
export interface Vector {
  readonly name: string;
  /** The class of attack; the file's first comment. */
  readonly about: string;
  readonly side: 'request' | 'response';
  readonly text: string;
  /** Messages that are read whole, with their bodies: `GET / 1`, `200 hello`. */
  readonly messages: readonly string[];
  /** How reading ends. */
  readonly end: string;
  /** Who judges what `wire/` takes. */
  readonly judgedBy: string | undefined;
  /** A public vulnerability of this class. */
  readonly cve: readonly string[];
  /** Of the request that a response answers. */
  readonly method: string;
}

const folder = new URL('vectors/', import.meta.url);

export function loadVectors(): Vector[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));
  return files.sort().flatMap((file) => vectorsOf(file, readFileSync(new URL(file, folder), 'utf8')));
}

function vectorsOf(file: string, content: string): Vector[] {
  const [comment = '', ...parts] = content.split(/^== /m);
  const about = comment.replace(/^# ?/gm, '').trim();
  return parts.map((part) => {
    const [name = '', ...lines] = part.split('\n').filter((line) => !line.startsWith('#') && line !== '');
    const notes = new Map<string, string[]>();
    for (const line of lines.filter((one) => one.startsWith('@'))) {
      const [key = '', ...words] = line.slice(1).split(' ');
      notes.set(key, [...(notes.get(key) ?? []), unescaped(words.join(' '))]);
    }
    return {
      name: `${file.replace('.txt', '')}: ${name}`,
      about,
      side: file.startsWith('response-') ? 'response' : 'request',
      text: lines
        .filter((line) => !line.startsWith('@'))
        .map((line) => unescaped(line))
        .join(''),
      messages: notes.get('message') ?? [],
      end: notes.get('end')?.[0] ?? 'rejected',
      judgedBy: notes.get('judged-by')?.[0],
      cve: notes.get('cve') ?? [],
      method: notes.get('method')?.[0] ?? 'GET',
    };
  });
}

const named: Readonly<Record<string, string>> = {
  r: '\r',
  n: '\n',
  t: '\t',
  0: '\0',
  v: '\u000b',
  '\\': '\\',
};

function unescaped(line: string): string {
  const repeated = line.replace(/(.)…\*(\d+)/g, (_, last: string, times: string) =>
    last.repeat(Number(times)),
  );
  return repeated.replace(/\\(?:x([\da-f]{2})|(.))/gi, (found, hex: string | undefined, name: string) => {
    const character = hex === undefined ? named[name] : String.fromCharCode(Number.parseInt(hex, 16));
    if (character === undefined) throw new Error(`${line}: what is ${found}?`);
    return character;
  });
}
