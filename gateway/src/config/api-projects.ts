import { dialectOf } from './api-definition.ts';
import { apiOfDefinition, withDefinition } from './defined-api.ts';
import { type Home, type HomeFile, projectPartOf, roleOf } from './home.ts';
import { type ParsedFile, type Report, type SourceFile, wholeFile } from './source-file.ts';
import { parseYamlFile } from './yaml-file.ts';

/**
 * The APIs of a home, one file each: what the other files of a project add to its api.yaml stands in it as if it had been
 * written there. Files come in the order of their paths.
 */
export function parseApis(files: Home, report: Report): readonly ParsedFile[] {
  const projects = new Map<string, HomeFile[]>();
  for (const file of files) {
    const role = roleOf(file.path);
    if (role === undefined || !partRoles.has(role)) continue;
    const project = projectPartOf(file.path)?.project ?? file.path;
    projects.set(project, [...(projects.get(project) ?? []), file]);
  }
  return [...projects].flatMap(([project, parts]) => parseProject(project, parts, report) ?? []);
}

const partRoles: ReadonlySet<string> = new Set(['api', 'definition']);

function parseProject(project: string, parts: readonly HomeFile[], report: Report): ParsedFile | undefined {
  const apis = parts.filter(({ path }) => roleOf(path) === 'api');
  const definitions = parts.filter(({ path }) => roleOf(path) === 'definition');
  for (const { path } of [...apis.slice(1), ...definitions.slice(1)]) {
    const message = `There is another file of this kind in ${project}; one of the two must go.`;
    report(wholeFile('error', 'conflict', path, message));
  }
  const [api] = apis;
  const [definition] = definitions;
  const source = api && parseYamlFile(api, report);
  const path = api?.path ?? definition?.path;
  if (path === undefined) return undefined;
  const defined = definition && parseYamlFile(definition, report);
  return { path, source: apiOf(source, defined) };
}

function apiOf(source: SourceFile | undefined, definition: SourceFile | undefined): SourceFile | undefined {
  if (source === undefined) {
    return definition && dialectOf(definition.value) !== undefined ? apiOfDefinition(definition) : undefined;
  }
  if (dialectOf(source.value) !== undefined) return apiOfDefinition(source);
  return definition === undefined ? source : withDefinition(source, definition);
}
