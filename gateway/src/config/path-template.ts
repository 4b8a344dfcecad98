/*
 * Paths as an operator writes them: an API's context, an operation's target. Only paths in the one form to which the proxy
 * brings every request (proxy/target.ts) can match, so all others are refused here.
 */

/** Unreserved characters, sub-delimiters, `:` and `@` of RFC 3986, without `*`, which stands for more. */
const segmentPattern = /^[A-Za-z0-9\-._~!$&'()+,;=:@]+$/;
const parameterPattern = /^\{[A-Za-z0-9._-]+\}$/;

/** What is wrong with an API's context, in words to follow its name; nothing when it is fine. */
export function contextProblem(context: string): string | undefined {
  const segments = segmentsOf(context);
  if (segments === undefined) return 'must start with a slash';
  for (const segment of segments) {
    if (segment === '{version}') continue;
    const problem = segmentProblem(segment);
    if (problem !== undefined) return problem;
  }
  if (segments.filter((segment) => segment === '{version}').length > 1) return 'has {version} twice';
  return undefined;
}

/** What is wrong with an operation's target; `/` is the base path itself, `/*` at the end stands for everything below. */
export function targetProblem(target: string): string | undefined {
  const segments = segmentsOf(target);
  if (segments === undefined) return 'must start with a slash';
  if (target === '/') return undefined;
  for (const [index, segment] of segments.entries()) {
    if (segment === '*' && index === segments.length - 1) continue;
    if (parameterPattern.test(segment)) continue;
    if (segment.includes('*')) return 'may have a * only as its last segment';
    if (/[{}]/.test(segment)) return 'may have a {name} only as a whole segment';
    const problem = segmentProblem(segment);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** What is wrong with one literal segment of a path. */
export function segmentProblem(segment: string): string | undefined {
  if (segment === '') return 'has an empty segment, or a slash at its end';
  if (segment === '.' || segment === '..') return 'has a segment of dots';
  if (segmentPattern.test(segment)) return undefined;
  return `has characters other than letters, digits and -._~!$&'()+,;=:@`;
}

/** What requests to an API start with; the default version of an API is also served without its version. */
export function basePathsOf(api: {
  context: string;
  version: string;
  isDefaultVersion: boolean;
}): readonly string[] {
  const { context, version, isDefaultVersion } = api;
  const versioned = context.includes('{version}')
    ? context.replace('{version}', version)
    : `${context}/${version}`;
  return isDefaultVersion ? [versioned, context.replace('/{version}', '')] : [versioned];
}

/** A target without the names of its parameters: two targets with the same outline match the same requests. */
export function outlineOf(target: string): string {
  return target.replace(/\{[^}]*\}/g, '{}');
}

function segmentsOf(path: string): readonly string[] | undefined {
  return path.startsWith('/') ? path.slice(1).split('/') : undefined;
}
