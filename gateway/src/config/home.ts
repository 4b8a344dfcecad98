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

/** What configuration takes from the machine it runs on. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly hostName: string;
  /** Looks up a file that a setting names, by a path relative to the home. */
  readonly namedFile?: (path: string) => NamedFile;
  /** Why TLS can't use these, such as a key that isn't the certificate's. */
  readonly tlsProblem?: (texts: TlsTexts) => string | undefined;
}

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
export type FileRole = 'deployment' | 'api' | 'policy' | 'application' | 'deny-policy';

/**
 * The role of the file at a path, or nothing for files that no home needs. An API is `apis/NAME.yaml` or
 * `apis/NAME/api.yaml`; everything may be YAML (`.yaml`, `.yml`) or JSON.
 */
export function roleOf(path: string): FileRole | undefined {
  if (path === deploymentPaths[0] || path === deploymentPaths[1]) return 'deployment';
  return rolesByPattern.find(([pattern]) => pattern.test(path))?.[1];
}

const rolesByPattern: readonly (readonly [RegExp, FileRole])[] = [
  [/^apis\/([^/]+|[^/]+\/api)\.(yaml|yml|json)$/, 'api'],
  [/^policies\/[^/]+\.(yaml|yml|json)$/, 'policy'],
  [/^applications\/[^/]+\.(yaml|yml|json)$/, 'application'],
  [/^deny-policies\/[^/]+\.(yaml|yml|json)$/, 'deny-policy'],
];

/** The file's name without folder and ending; for `apis/Orders/api.yaml` the folder's name. */
export function stemOf(path: string): string {
  const parts = path.replace(/\.[^./]+$/, '').split('/');
  return (parts.length > 2 ? parts.at(-2) : parts.at(-1)) ?? path;
}
