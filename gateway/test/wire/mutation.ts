import type { Random } from '../support/random.ts';

const inserted = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0',
  '\0',
  '\u000b',
  '\u007f',
  '\u00ff',
  '\u00a0',
  '\r\n\r\n',
  'chunked',
  '"',
];

export function maybeMutated(text: string, random: Random): string {
  return random.chance(0.4) ? mutated(text, random) : text;
}

/** Changes a byte or a few: another one, one less, one more, or a part once again. */
function mutated(text: string, random: Random): string {
  let now = text;
  for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
    const at = random.below(now.length + 1);
    const kind = random.below(5);
    const [before, behind] = [now.slice(0, at), now.slice(at)];
    if (kind === 0) now = before + String.fromCharCode(random.below(256)) + behind.slice(1);
    else if (kind === 1) now = before + behind.slice(1 + random.below(4));
    else if (kind === 2) now = before + random.pick(inserted) + behind;
    else if (kind === 3) now = before + String.fromCharCode(random.below(256)) + behind;
    else now = before + now.slice(random.below(now.length + 1)).slice(0, random.below(60)) + behind;
  }
  return now;
}
