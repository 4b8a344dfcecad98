import { dialectOf } from './api-definition.ts';
import type { ChosenEnvironment } from './api-parameters.ts';
import { apiOfDefinition, withDefinition } from './defined-api.ts';
import { type FileRole, type Home, type HomeFile, projectPartOf, roleOf } from './home.ts';
import { withAllParameters } from './project-parameters.ts';
import { type ParsedProject, withoutTwins } from './project-twins.ts';
import { enveloped, isProduct } from './product-source.ts';
import { type ParsedFile, type Report, type SourceFile, valueAt, wholeFile } from './source-file.ts';
import { parseYamlFile } from './yaml-file.ts';

/**
 * The APIs and products of a home, one file each: what the other files of a project add to its description stands in it as if it
 * had been written there. Files come in the order of their paths.
 */
export function parseApis(
  files: Home,
  environment: ChosenEnvironment,
  report: Report,
): readonly ParsedFile[] {
  const projects = new Map<string, HomeFile[]>();
  for (const file of files) {
    const role = roleOf(file.path);
    if (role === undefined || !partRoles.has(role)) continue;
    const project = projectPartOf(file.path)?.project ?? file.path;
    projects.set(project, [...(projects.get(project) ?? []), file]);
  }
  const besides = new Map<string, SourceFile>();
  const parsed = [...projects].flatMap(([project, parts]): readonly ParsedProject[] => {
    const { api, parameters } = parseProject(project, parts, report);
    if (api !== undefined) return [{ ...api, project, parameters }];
    const named = deploymentFolder.exec(project)?.[1];
    if (named === undefined) report(wholeFile('error', 'no-api', `${project}/`, noDescription));
    else if (parameters !== undefined) besides.set(named, parameters);
    return [];
  });
  const whole = withoutTwins(parsed).map((file) => withBeside(file, besides));
  const apis = withAllParameters(whole, environment);
  for (const { path } of besides.values()) {
    report(
      wholeFile('warning', 'ignored-file', path, 'There is no API of the name and version of this folder.'),
    );
  }
  return apis;
}

export const noDescription =
  'This API project has no api.yaml, api.yml or api.json, and no api_product.yaml.';

const partRoles: ReadonlySet<string> = new Set([
  'api',
  'definition',
  'parameters',
  'graphql-schema',
  'graphql-complexity',
]);

/** As `apictl gen deployment-dir` makes it, for parameters that are kept beside a project. */
const deploymentFolder = /^apis\/DeploymentArtifacts_([^/]+)$/;

function parseProject(
  project: string,
  parts: readonly HomeFile[],
  report: Report,
): { readonly api?: ParsedFile; readonly parameters?: SourceFile | undefined } {
  const of = (role: FileRole): HomeFile | undefined => {
    const [first, ...others] = parts.filter(({ path }) => roleOf(path) === role);
    for (const { path } of others) {
      const message = `There is another file of this kind in ${project}; one of the two must go.`;
      report(wholeFile('error', 'conflict', path, message));
    }
    return first;
  };
  const [api, definition, parameters] = [of('api'), of('definition'), of('parameters')];
  const source = api && parseYamlFile(api, report);
  const defined = definition && parseYamlFile(definition, report);
  const path = api?.path ?? definition?.path;
  return {
    ...(path !== undefined && { api: { path, source: apiOf(api, source, defined) } }),
    ...(parameters && { parameters: parseYamlFile(parameters, report) }),
  };
}

function apiOf(
  api: HomeFile | undefined,
  source: SourceFile | undefined,
  definition: SourceFile | undefined,
): SourceFile | undefined {
  if (api === undefined) {
    return definition && dialectOf(definition.value) !== undefined ? apiOfDefinition(definition) : undefined;
  }
  if (source !== undefined && isProduct(source.value)) {
    const message = 'The operations of a product are those of its api_product.yaml.';
    definition?.note({ code: 'no-effect', path: [], message });
    return enveloped(source);
  }
  if (source !== undefined && dialectOf(source.value) !== undefined) return apiOfDefinition(source);
  return source && definition ? withDefinition(source, definition) : source;
}

function withBeside(file: ParsedProject, besides: Map<string, SourceFile>): ParsedProject {
  const beside = file.source && takeBeside(file.source, besides);
  return { ...file, parameters: file.parameters ?? beside };
}

/** The parameters of a folder beside the projects that bears the API's name. */
function takeBeside(api: SourceFile, besides: Map<string, SourceFile>): SourceFile | undefined {
  const [name, version] = ['name', 'version'].map((field) => valueAt(api.value, ['data', field]));
  if (typeof name !== 'string' || typeof version !== 'string') return undefined;
  const found = besides.get(`${name}-${version}`);
  besides.delete(`${name}-${version}`);
  return found;
}
