/** One file of a home folder. `path` is relative to the home, with `/` between folders. */
export interface HomeFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The files of a home folder (contract.md 2), in any order. What means nothing there is listed too, without its text, so
 * that it can be reported.
 */
export type Home = readonly HomeFile[];

/** What a home may hold at most; a larger one isn't read. */
export const homeBounds: {
  readonly fileBytesMax: number;
  readonly filesMax: number;
  /** All files together. */
  readonly bytesMax: number;
} = { fileBytesMax: 1_048_576, filesMax: 10_000, bytesMax: 67_108_864 };

/** What configuration takes from the machine it runs on. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly hostName: string;
  /** Looks up a file that a setting names, by a path relative to the home. */
  readonly namedFile?: (path: string) => NamedFile;
  /** Why TLS can't use these, such as a key that isn't the certificate's. */
  readonly tlsProblem?: (texts: TlsTexts) => string | undefined;
  /** Why the public keys in a text, a JSON Web Key Set or PEM, can't be used. */
  readonly keysProblem?: (text: string, form: 'jwks' | 'pem') => string | undefined;
  /** Reads a GraphQL schema. */
  readonly graphqlSchema?: (text: string) => ReadSchema;
}

/** The operations of a schema (`QUERY`, `MUTATION` or `SUBSCRIPTION`, and a field), or why it is none. */
export type ReadSchema =
  | { has(verb: string, field: string): boolean }
  | { readonly problem: string; readonly line: number };

/** PEM, and what the key is encrypted with. */
export interface TlsTexts {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly passphrase?: string;
}

/** The text of a file, or why it can't be had, such as `ENOENT`. */
export type NamedFile = { readonly text: string } | { readonly problem: string };

/** Where deployment.toml may stand; WSO2's place first. */
export const deploymentPaths = ['repository/conf/deployment.toml', 'deployment.toml'] as const;

/** What a file is by its place in the home folder. */
export type FileRole =
  | 'deployment'
  | 'api'
  | 'definition'
  | 'graphql-schema'
  | 'graphql-complexity'
  | 'parameters'
  | 'policy'
  | 'application'
  | 'deny-policy'
  | 'revoked-tokens';

/**
 * The role of the file at a path, or nothing for files that no home needs. An API, or a product, is `apis/NAME.yaml` or a
 * project, whose files lie in `apis/NAME/` or in the archive `apis/NAME.zip`; an application is `applications/NAME.yaml`, or a
 * project too. Everything may be YAML (`.yaml`, `.yml`) or JSON.
 */
export function roleOf(path: string): FileRole | undefined {
  if (path === deploymentPaths[0] || path === deploymentPaths[1]) return 'deployment';
  if (/^revoked-tokens\/[^/]+\.txt$/.test(path)) return 'revoked-tokens';
  const single = /^(apis|policies|applications|deny-policies)\/[^/]+\.(?:yaml|yml|json)$/.exec(path)?.[1];
  if (single !== undefined) return folders.find(([folder]) => folder === single)?.[1];
  const part = projectPartOf(path);
  if (part === undefined) return undefined;
  const parts = part.project.startsWith('apis/') ? apiParts : applicationParts;
  return parts.find(([pattern]) => pattern.test(part.inside))?.[1];
}

const folders: readonly (readonly [string, FileRole])[] = [
  ['apis', 'api'],
  ['policies', 'policy'],
  ['applications', 'application'],
  ['deny-policies', 'deny-policy'],
];

const apiParts: readonly (readonly [RegExp, FileRole])[] = [
  [/^api(?:_product)?\.(?:yaml|yml|json)$/, 'api'],
  [/^(?:Definitions\/)?(?:swagger|openapi)\.(?:yaml|yml|json)$/, 'definition'],
  [/^(?:Definitions\/)?schema\.graphql$/, 'graphql-schema'],
  [/^(?:Definitions\/)?graphql-complexity\.(?:yaml|yml|json)$/, 'graphql-complexity'],
  [/^(?:api_|api_product_)?params\.(?:yaml|yml)$/, 'parameters'],
];

const applicationParts: readonly (readonly [RegExp, FileRole])[] = [
  [/^application\.(?:yaml|yml|json)$/, 'application'],
];

/** A file of a project: the path of its folder, and its own path inside. */
export interface ProjectPart {
  readonly project: string;
  readonly inside: string;
}

/**
 * The project to which the file at a path belongs, if to any. In an archive a project may lie in a folder of its own, as
 * apictl packs it: its folder is then `apis/NAME.zip/NAME-1.0.0`. In a product's project lie those of its APIs, in
 * `APIs/NAME-1.0.0`.
 */
export function projectPartOf(path: string): ProjectPart | undefined {
  const found =
    /^((?:apis|applications)\/(?:[^/]+\.zip(?:\/[^/]+)??|[^/]+)(?:\/APIs\/[^/]+)?)\/((?:Definitions\/)?[^/]+)$/.exec(
      path,
    );
  return found?.[1] === undefined || found[2] === undefined
    ? undefined
    : { project: found[1], inside: found[2] };
}

/** Of a project that lies in a product's, the folder of the product's. */
export function productAround(project: string): string | undefined {
  return /^(.+)\/APIs\/[^/]+$/.exec(project)?.[1];
}

/** The file's name without folder and ending; for `apis/Orders/api.yaml` the folder's name. */
export function stemOf(path: string): string {
  const parts = path.replace(/\.[^./]+$/, '').split('/');
  return (parts.length > 2 ? parts.at(-2) : parts.at(-1)) ?? path;
}
