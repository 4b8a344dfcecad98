import * as z from 'zod';
import type { GraphqlApi, Operation } from '../policy/catalogue.ts';
import { checkValue } from './check-value.ts';
import { anyMapping, listOf, mapping, text, wholeNumber } from './expected.ts';
import { type Environment, type Home, type HomeFile, projectPartOf, roleOf } from './home.ts';
import { quote } from './nearest-name.ts';
import { type Report, type SourceFile, wholeFile } from './source-file.ts';
import { parseYamlFile } from './yaml-file.ts';

/** Reads what an API of type GRAPHQL has beside its api.yaml. Problems are reported; without a sound schema nothing comes back. */
export type ReadGraphql = (source: SourceFile, operations: readonly Operation[]) => GraphqlApi | undefined;

/** Finds the schema and the complexity values of an API in its project, where apictl puts them. */
export function graphqlReader(home: Home, environment: Environment, report: Report): ReadGraphql {
  return (source, operations) => {
    const schema = partOf(home, source.path, 'graphql-schema');
    if (schema === undefined) {
      const message = 'An API of type GRAPHQL needs its schema in its project: Definitions/schema.graphql.';
      source.error({ code: 'missing-value', path: ['data', 'type'], message });
      return undefined;
    }
    checkSchema({ source, operations, schema }, environment, report);
    const values = partOf(home, source.path, 'graphql-complexity');
    return { schema: schema.text, complexity: values === undefined ? new Map() : readValues(values, report) };
  };
}

function partOf(home: Home, apiPath: string, role: 'graphql-schema' | 'graphql-complexity') {
  const project = projectPartOf(apiPath)?.project;
  if (project === undefined) return undefined;
  return home.find(({ path }) => projectPartOf(path)?.project === project && roleOf(path) === role);
}

function checkSchema(
  api: { readonly source: SourceFile; readonly operations: readonly Operation[]; readonly schema: HomeFile },
  { graphqlSchema }: Environment,
  report: Report,
): void {
  const { source, operations, schema } = api;
  const read = graphqlSchema?.(schema.text);
  if (read === undefined) return;
  if ('problem' in read) {
    const { problem, line } = read;
    report({
      ...wholeFile('error', 'syntax', schema.path, `${problem}.`),
      at: { file: schema.path, line, column: 1, text: '' },
    });
    return;
  }
  for (const { target, verb } of operations) {
    const field = target.slice(1);
    if (read.has(verb, field)) continue;
    const message = `The schema has no ${verb.toLowerCase()} ${quote(field)}; this operation has no effect.`;
    source.warning({ code: 'no-effect', path: ['data', 'operations'], message });
  }
}

const valueSchema = mapping({
  type: text({ expected: 'the name of a type', charactersMax: 200 }),
  field: text({ expected: 'the name of a field', charactersMax: 200 }),
  complexityValue: wholeNumber(0, 1_000_000_000),
});

const envelopeSchema = mapping(
  {
    type: z.unknown().optional(),
    version: z.unknown().optional(),
    data: anyMapping('complexity values, a mapping with a list').nullish(),
    list: z.unknown().optional(),
  },
  [],
);

/** Own values of fields by `Type.field`, from `list`, which apictl puts below `data`. */
function readValues(file: HomeFile, report: Report): ReadonlyMap<string, number> {
  const source = parseYamlFile(file, report);
  if (source === undefined) return new Map();
  const envelope = checkValue(source, envelopeSchema, []);
  if (envelope === undefined) return new Map();
  const at = envelope.data ? ['data', 'list'] : ['list'];
  const values = checkValue(source, listOf(valueSchema, 'complexity values').nullish(), at) ?? [];
  return new Map(values.map(({ type, field, complexityValue }) => [`${type}.${field}`, complexityValue]));
}
