import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

/** Reports what an API asks of WSO2's gateway or portals that isn't done here, where it asks for something at all. */
export function reportRemarks(source: SourceFile): void {
  for (const { path, asks, what } of missed) {
    if (asks(valueAt(source.value, path)))
      source.warning({ code: 'not-supported', path, part: 'key', message: `${what} not supported.` });
  }
  const operations = valueAt(source.value, ['data', 'operations']);
  for (const index of Array.isArray(operations) ? operations.keys() : []) {
    const path = ['data', 'operations', index, 'operationPolicies'];
    if (!hasPolicies(valueAt(source.value, path))) continue;
    source.warning({ code: 'not-supported', path, part: 'key', message: `${mediation} not supported.` });
  }
  for (const field of ['organizationPolicies', 'apiHubPolicies']) {
    const path = ['data', field];
    if (!isFilledList(valueAt(source.value, path))) continue;
    const message = `${field} has no effect here: tiers are offered to everybody alike.`;
    source.note({ code: 'no-effect', path, part: 'key', message });
  }
}

const mediation = 'Policies that change requests and answers (mediation) are';

const missed: readonly {
  readonly path: Path;
  readonly asks: (value: unknown) => boolean;
  readonly what: string;
}[] = [
  { path: ['data', 'apiPolicies'], asks: hasPolicies, what: mediation },
  { path: ['data', 'mediationPolicies'], asks: isFilledList, what: mediation },
  { path: ['data', 'enableSchemaValidation'], asks: isTrue, what: 'Validation of bodies against schemas is' },
  { path: ['data', 'responseCachingEnabled'], asks: isTrue, what: 'Caching of answers is' },
];

function hasPolicies(value: unknown): boolean {
  return isRecord(value) && ['request', 'response', 'fault'].some((flow) => isFilledList(value[flow]));
}

function isFilledList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
