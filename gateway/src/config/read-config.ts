import { readApis } from './api-catalogue.ts';
import { graphqlReader } from './api-graphql.ts';
import { noDescription, parseApis } from './api-projects.ts';
import type { ApiFile } from './api-project.ts';
import { readApplications } from './applications.ts';
import type { Config } from './config.ts';
import { readCustomRules } from './custom-rule.ts';
import { readDenyPolicies } from './deny-policies.ts';
import { readDeploymentToml, type Settings } from './deployment-toml.ts';
import type { Diagnostic } from './diagnostic.ts';
import { parseExports } from './exports.ts';
import { reportHubsWithoutStore } from './hub-store.ts';
import { type Environment, type FileRole, type Home, roleOf } from './home.ts';
import { readPolicies } from './policy-book.ts';
import { readRevokedTokens } from './revoked-tokens.ts';
import { reportProjectParts } from './project-parts.ts';
import { type ParsedFile, type Report, wholeFile } from './source-file.ts';

export interface ReadConfig {
  /** Present exactly when no finding is an error. */
  readonly config?: Config;
  /** All findings about all files, by file and line. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Makes a Config of the files of a home folder (contract.md 2), or finds every problem in them. */
export function readConfig(home: Home, environment: Environment): ReadConfig {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (diagnostic) => diagnostics.push(diagnostic);
  const files = [...home].sort((a, b) => compare(a.path, b.path));
  const parse = (role: FileRole): readonly ParsedFile[] =>
    files.filter(({ path }) => roleOf(path) === role).flatMap((file) => parseExports(file, report));

  const deployment = readDeploymentToml(files, environment, report);
  const policyFiles = parse('policy');
  const policies = readPolicies(policyFiles, deployment?.switches);
  const customRules = readCustomRules(policyFiles.flatMap(({ source }) => source ?? []));
  const apiFiles = parseApis(
    files,
    { name: deployment?.gateway.environment, variables: environment.variables },
    report,
  );
  const apis = readApis(apiFiles, policies, graphqlReader(files, environment, report), deployment?.cors);
  const applicationSources = parse('application').flatMap(({ source }) => source ?? []);
  const applications = readApplications(applicationSources, { policies, apis });
  const revoked = readRevokedTokens(
    files.filter(({ path }) => roleOf(path) === 'revoked-tokens'),
    report,
  );
  const denySources = parse('deny-policy').flatMap(({ source }) => source ?? []);
  const denyPolicies = readDenyPolicies(denySources, {
    apis: apis.apis,
    switches: deployment?.switches ?? {},
  });
  reportOtherFiles(files, report);
  if (deployment !== undefined) {
    reportNobodyLetIn(apis.files, deployment);
    reportHubsWithoutStore(apis.files, deployment);
  }
  if (apis.apis.length === 0 && (apiFiles.length === 0 || !diagnostics.some(isError))) {
    report(wholeFile('error', 'no-api', 'apis', 'There is nothing to serve: no API under apis/ is served.'));
  }
  diagnostics.sort(byPlace);
  if (deployment === undefined || diagnostics.some(isError)) return { diagnostics };
  const { switches: _, cors: __, ...settings } = deployment;
  const tokens = { ...settings.tokens, revoked };
  const tiers = { subscription: policies.subscription.all(), application: policies.application.all() };
  return {
    config: { ...settings, tokens, apis: apis.apis, applications, customRules, denyPolicies, tiers },
    diagnostics,
  };
}

/** Nothing that lies in the home's folders is passed over in silence. A path with a slash at its end is a folder. */
function reportOtherFiles(home: Home, report: Report): void {
  for (const { path } of reportProjectParts(home, report)) {
    const role = roleOf(path);
    if (/^apis\/(?:[^/]+\/APIs\/)?[^/]*\/$/.test(path)) {
      report(wholeFile('error', 'no-api', path, noDescription));
    } else if (/^applications\/[^/]*\.zip\/$/.test(path)) {
      report(wholeFile('warning', 'ignored-file', path, 'There is no application.yaml in this archive.'));
    } else if (role === undefined) {
      const message = 'This is not read: files end in .yaml, .yml or .json and lie directly in their folder.';
      report(wholeFile('warning', 'ignored-file', path, message));
    }
  }
}

/** An API that takes tokens alone, of which none can be verified, answers everybody 401. */
function reportNobodyLetIn(files: readonly ApiFile[], { tokens }: Settings): void {
  if (tokens.issuers.length > 0) return;
  for (const { api, served, source } of files) {
    if (!served || api.tokens === undefined || api.apiKeyHeader !== undefined) continue;
    const message = 'This API takes tokens only, and no issuer is known: every caller is refused.';
    const hint = 'Add an [[apim.jwt.issuer]] to deployment.toml.';
    source.warning({ code: 'no-issuer', path: ['data', 'securityScheme'], message, hint });
  }
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return compare(a.at.file, b.at.file) || a.at.line - b.at.line || a.at.column - b.at.column;
}

/** By code units, so that the order is the same on every machine. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
