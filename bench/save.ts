import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Writes results/<date>-<machine>.md; sections of that day that were not measured again stay. */
export function saveSections(result: {
  readonly date: string;
  readonly machine: string;
  readonly sections: ReadonlyMap<string, string>;
}): void {
  const { date, machine, sections } = result;
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${date}-${hostname().replace(/[^\w-]/g, '')}.md`, folder);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : `# ${date}, ${machine}\n`;
  const [title = '', ...parts] = before.split(/^## /m);
  const kept = parts.map((part): [string, string] => {
    const lineEnd = part.indexOf('\n');
    return [part.slice(0, lineEnd), part.slice(lineEnd).trim()];
  });
  const all = new Map([...kept, ...sections]);
  const texts = [title.trim(), ...[...all].map(([name, text]) => `## ${name}\n\n${text}`)];
  writeFileSync(file, `${texts.join('\n\n')}\n`);
}
