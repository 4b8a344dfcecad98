import { operations, type Asked } from './served.ts';

/** What a request's first line means to a strict reader who knows nothing of ours; undefined when it should be refused. */
export function meaningOf(method: string, target: string, host: string): Asked | undefined {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
  if (absolute !== null && absolute[1]?.toLowerCase() !== host.toLowerCase()) return undefined;
  const [path = ''] = (absolute?.[2] ?? target).split('?', 1);
  const segments = segmentsOf(absolute !== null && !path.startsWith('/') ? `/${path}` : path);
  if (segments === undefined || /[^!-~]|#/.test(target)) return undefined;
  const means = operations.filter((asked) => matches(asked, segments));
  return (
    means.find((asked) => asked.method === method || isOfAnyMethod(asked)) ??
    (method === 'HEAD' ? means.find((asked) => asked.method === 'GET') : undefined)
  );
}

/** Which operations say nothing of methods. */
function isOfAnyMethod({ basePath, template }: Asked): boolean {
  return template.endsWith('/*') && !basePath.startsWith('/mixed');
}

/** Decoded once; undefined where two readers could see two paths. */
function segmentsOf(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  const written = path.slice(1).split('/');
  if (written.length > 1 && written.at(-1) === '') written.pop();
  const segments: string[] = [];
  for (const one of written) {
    if (/%(?![\da-f]{2})/i.test(one)) return undefined;
    const decoded = one.replace(/%../g, (escape) =>
      String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
    );
    if (decoded === '' || /[/\\\0]/.test(decoded) || /^\.\.?(?:;|$)/.test(decoded)) return undefined;
    segments.push(decoded);
  }
  return segments;
}

function matches({ basePath, template }: Asked, segments: readonly string[]): boolean {
  const wanted = `${basePath}${template}`.slice(1).split('/');
  const isOpen = wanted.at(-1) === '*';
  const fixed = isOpen ? wanted.slice(0, -1) : wanted;
  if (isOpen ? segments.length < fixed.length : segments.length !== fixed.length) return false;
  return fixed.every((segment, index) => segment.startsWith('{') || segment === segments[index]);
}
