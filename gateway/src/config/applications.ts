import type { Application } from '../policy/catalogue.ts';
import { infoPath, readApplication } from './application.ts';
import { quote } from './nearest-name.ts';
import type { SourceFile } from './source-file.ts';
import type { Known } from './subscriptions.ts';

/** Reads all application files. Ids and keys are unique among them; a second use is an error. */
export function readApplications(sources: readonly SourceFile[], known: Known): readonly Application[] {
  const byId = new Map<string, SourceFile>();
  const digests = new Map<string, string>();
  const applications: Application[] = [];
  for (const source of sources) {
    const application = readApplication(source, known, digests);
    if (application === undefined) continue;
    claimId(application, source, byId);
    applications.push(application);
  }
  return applications;
}

function claimId(application: Application, source: SourceFile, byId: Map<string, SourceFile>): void {
  const first = byId.get(application.id);
  if (first === undefined) {
    byId.set(application.id, source);
    return;
  }
  const { file, line } = first.place([...infoPath, 'name']);
  const message = `There is another application with the id ${quote(application.id)}, at ${file}:${line}.`;
  const hint = 'The id is applicationId, or else owner/name.';
  source.error({ code: 'duplicate', path: [...infoPath, 'name'], message, hint });
}
