import type { Invalid } from './document.ts';

/** A request as it travels: GraphQL over HTTP, or the payload of a subscription. */
export interface GraphqlMessage {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What a message is made of; servers that ignore case, or take the first of two, must not read another message. */
const known = ['query', 'operationName', 'variables', 'extensions'] as const;

/** Reads `{"query": …, "operationName": …, "variables": …}`. A list of such is refused: it would pay once for many. */
export function readJsonMessage(text: string): GraphqlMessage | Invalid {
  const value = parseJson(text);
  if (Array.isArray(value)) return { invalid: 'Several requests in one are not supported' };
  if (!isRecord(value)) return { invalid: 'The body is no JSON object' };
  const repeated = repeatedName(text);
  if (repeated !== undefined) return { invalid: 'A name stands twice in one JSON object' };
  return messageOf(value);
}

/** A message whose JSON is read already, and holds no name twice. */
export function messageOf(value: Readonly<Record<string, unknown>>): GraphqlMessage | Invalid {
  const odd = Object.keys(value).find((name) => (meaningOf(name) ?? name) !== name);
  if (odd !== undefined) return { invalid: `It is ambiguous: ${meaningOf(odd)}` };
  const { query, operationName } = value;
  if (typeof query !== 'string') return { invalid: 'There is no query' };
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    return { invalid: 'operationName is no string' };
  const variables = variablesOf(value['variables']);
  if (variables === undefined) return { invalid: 'variables is no object' };
  return { query, operationName: operationName || undefined, variables };
}

/** Reads `?query=…&operationName=…&variables=…`; names as in forms, `+` being a space. */
export function readQueryMessage(queryString: string): GraphqlMessage | Invalid {
  const parameters = parametersOf(queryString);
  if ('invalid' in parameters) return parameters;
  const { found } = parameters;
  return messageOf(Object.fromEntries(found));
}

/** Whether a URL's query says something that a server may take for a message, beside the one in the body. */
export function hidesMessage(queryString: string): boolean {
  const parameters = parametersOf(queryString);
  return 'invalid' in parameters || parameters.found.size > 0;
}

/** The parameters of a URL's query that make a message, or why it could be read in two ways. */
function parametersOf(queryString: string): { readonly found: ReadonlyMap<string, string> } | Invalid {
  const found = new Map<string, string>();
  const text = queryString.startsWith('?') ? queryString.slice(1) : queryString;
  // Old servers part parameters at a semicolon, too.
  if (text.includes(';')) return { invalid: 'The query string holds a semicolon' };
  for (const pair of text.split('&')) {
    const equalsAt = pair.indexOf('=');
    const name = decoded(equalsAt === -1 ? pair : pair.slice(0, equalsAt));
    const value = decoded(equalsAt === -1 ? '' : pair.slice(equalsAt + 1));
    if (name === undefined || value === undefined) return { invalid: 'The query string is not UTF-8' };
    const meant = meaningOf(name.replace(/[[.].*$/s, ''));
    if (meant === undefined) continue;
    if (meant !== name || found.has(name)) return { invalid: `The query string is ambiguous: ${meant}` };
    found.set(name, value);
  }
  return { found };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function meaningOf(name: string): string | undefined {
  const lower = name.trim().toLowerCase();
  return known.find((one) => one.toLowerCase() === lower);
}

/** Some clients send variables as text. */
function variablesOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null || value === '') return {};
  if (typeof value !== 'string') return isRecord(value) ? value : undefined;
  const read = parseJson(value);
  if (read === null) return {};
  return isRecord(read) && repeatedName(value) === undefined ? read : undefined;
}

/**
 * The name that an object somewhere in a text holds twice: readers differ in which of the two they take. The text is known to
 * be JSON.
 */
export function repeatedName(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = stringEnd(text, at);
      const names = open.at(-1);
      if (names !== undefined && isName(text, end)) {
        const name = String(JSON.parse(text.slice(at, end)));
        if (names.has(name)) return name;
        names.add(name);
      }
      at = end - 1;
    }
  }
  return undefined;
}

function stringEnd(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** A string is a name when a colon follows. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return text[at] === ':';
}

/** JSON's value, or undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
