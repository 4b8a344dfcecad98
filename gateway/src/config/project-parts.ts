import type { Home } from './home.ts';
import { projectPartOf, roleOf } from './home.ts';
import { type Report, wholeFile } from './source-file.ts';

/**
 * Reports the parts of projects that aren't read: WSO2's own by what their absence means here, in one note for a project
 * where it means nothing. Gives back the files that are no part of a project.
 */
export function reportProjectParts(home: Home, report: Report): Home {
  const others: { path: string; text: string }[] = [];
  const without = new Map<string, string[]>();
  for (const file of home) {
    const found = roleOf(file.path) === undefined ? unreadPartOf(file.path) : undefined;
    if (found === undefined) {
      others.push(file);
      continue;
    }
    const { project, part } = found;
    const missing = Object.hasOwn(missed, part) ? missed[part] : undefined;
    if (missing !== undefined) report(wholeFile('warning', 'not-supported', file.path, missing));
    else if (withoutEffect.test(part)) without.set(project, [...(without.get(project) ?? []), part]);
    else report(wholeFile('warning', 'ignored-file', file.path, 'This part of a project is not known here.'));
  }
  for (const [project, parts] of without) {
    const message = `Without effect here: ${parts.toSorted().join(', ')}.`;
    report(wholeFile('note', 'no-effect', `${project}/`, message));
  }
  return others;
}

/** Which part of an API project a file belongs to, by its path in the project; in a product's, with the API's folder before it. */
export function partOf(path: string): string {
  const [, folder = '', part = ''] = /^(APIs\/[^/]+\/)?(Definitions\/.*|[^/]*)/s.exec(path) ?? [];
  return folder + part;
}

/** Why a file of an API project is not read, by its path in the project; nothing for a part that WSO2 doesn't know. */
export function whyUnread(path: string): string | undefined {
  const part = partOf(path).replace(/^APIs\/[^/]+\//, '');
  if (Object.hasOwn(missed, part)) return missed[part];
  return withoutEffect.test(part) ? `${part} is without effect here` : undefined;
}

function unreadPartOf(path: string): { readonly project: string; readonly part: string } | undefined {
  const found = projectPartOf(path.replace(/\/$/, ''));
  return found && { project: found.project, part: found.inside };
}

const certificates =
  'Certificates of backends in a project are not trusted; put them into one file and name it in [sluice.backends.tls] ca.';

/** What is done in WSO2 and not here. */
const missed: Readonly<Record<string, string>> = {
  'Endpoint-certificates': certificates,
  // Of a folder of parameters.
  certificates,
  Policies: 'Policies that change requests and answers (mediation) are not supported.',
  Sequences: 'Sequences that change requests and answers (mediation) are not supported.',
  Interceptors: 'Interceptors are not supported.',
};

/** What concerns the portals and the control plane, and what a gateway can do without. */
const withoutEffect: RegExp =
  /^(?:Docs|Image|Client-certificates|WSDL|SoapToRest|README\.md|(?:api|api_product|application)_meta\.(?:yaml|json)|deployment_environments\.(?:yaml|json)|Definitions\/.*)$/;
