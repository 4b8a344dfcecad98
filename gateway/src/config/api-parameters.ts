import * as z from 'zod';
import { withVariables } from './apictl-variables.ts';
import { checkFields } from './check-value.ts';
import { anyMapping, listOf, mapping, oneOf, text } from './expected.ts';
import { type Graft, graftedSource } from './grafted-source.ts';
import { didYouMean, quote } from './nearest-name.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

/** Which of the environments in a parameter file this gateway is in, and what placeholders stand for. */
export interface ChosenEnvironment {
  readonly name: string | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** The parameters of the chosen environment, placeholders filled in. */
export interface Configs {
  readonly source: SourceFile;
  readonly at: Path;
}

/**
 * An API with the parameters of one environment, as `apictl import api --params` applies them (wso2.md 4.3): they replace
 * what its api.yaml says, and findings about them name the parameter file.
 */
export function withParameters(
  api: SourceFile,
  parameters: SourceFile,
  chosen: ChosenEnvironment,
): SourceFile {
  const configs = chosenConfigs(parameters, chosen);
  return configs === undefined ? api : withConfigs(api, configs);
}

/** Nothing, and a finding, when there are none for the environment. */
export function chosenConfigs(parameters: SourceFile, chosen: ChosenEnvironment): Configs | undefined {
  const at = environmentAt(parameters, chosen.name);
  if (at === undefined) return undefined;
  const source = withVariables(parameters, [at], { variables: chosen.variables, form: 'both' });
  return { source, at: isRecord(valueAt(source.value, [...at, 'configs'])) ? [...at, 'configs'] : at };
}

export function withConfigs(api: SourceFile, { source, at }: Configs): SourceFile {
  checkFields(source, configsSchema, at);
  reportOthers(source, at);
  return graftedSource(api, [
    ...endpointGrafts(api, source, at),
    ...securityGrafts(source, at),
    ...taken(source, [...at, 'policies'], ['data', 'policies']),
  ]);
}

/** Where the chosen environment's parameters stand. */
function environmentAt(parameters: SourceFile, name: string | undefined): Path | undefined {
  const { environments } = checkFields(parameters, fileSchema, []);
  if (environments === undefined) return undefined;
  const names = environments.map((environment) => environment['name']);
  const known = names.filter((other) => typeof other === 'string');
  const index = names.indexOf(name);
  if (name !== undefined && index >= 0) return ['environments', index];
  const path = ['environments'];
  if (name === undefined) {
    const message = 'No parameters are applied: the home says nothing about the environment of this gateway.';
    const hint = `Set environment in [sluice.apis]${known.length === 0 ? '' : `, such as ${quote(known[0] ?? '')}`}.`;
    parameters.warning({ code: 'unknown-environment', path, part: 'key', message, hint });
  } else {
    const message = `There are no parameters for the environment ${quote(name)}.`;
    parameters.error({
      code: 'unknown-environment',
      path,
      part: 'key',
      message,
      hint: didYouMean(name, known),
    });
  }
  return undefined;
}

const fileSchema = mapping({
  environments: listOf(anyMapping('an environment with name and configs'), 'environments'),
});

const perKeyType = (): z.ZodType =>
  mapping({ production: z.unknown().optional(), sandbox: z.unknown().optional() }).nullish();

export const tierNames: z.ZodType<string[] | null | undefined> = listOf(
  text({ expected: 'the name of a subscription tier', charactersMax: 60 }),
  'tiers',
).nullish();

const configsSchema = mapping(
  {
    endpoints: perKeyType(),
    endpointType: oneOf(['rest', 'soap', 'dynamic', 'aws']).nullish(),
    endpointRoutingPolicy: oneOf(['load_balanced', 'failover']).nullish(),
    loadBalanceEndpoints: z.unknown().optional(),
    failoverEndpoints: z.unknown().optional(),
    security: z.unknown().optional(),
    policies: tierNames,
  },
  ['name', 'certs', 'mutualSslCerts', 'deploymentEnvironments', 'gatewayEnvironments', 'awsLambdaEndpoints'],
);

/** Reports what has no effect here. */
export function reportOthers(parameters: SourceFile, configs: Path): void {
  const has = (key: string): boolean =>
    (valueAt(parameters.value, [...configs, key]) ?? undefined) !== undefined;
  if (has('certs')) {
    const message =
      'certs: certificates of backends are not trusted from here; name them in [sluice.backends.tls] ca.';
    parameters.warning({ code: 'not-supported', path: [...configs, 'certs'], part: 'key', message });
  }
  for (const key of ['mutualSslCerts', 'deploymentEnvironments', 'gatewayEnvironments']) {
    if (!has(key)) continue;
    parameters.note({
      code: 'no-effect',
      path: [...configs, key],
      part: 'key',
      message: `${key} has no effect here: every API of the home is served.`,
    });
  }
}

const endpointPath: Path = ['data', 'endpointConfig'];

/** The words of a parameter file, and those of an endpointConfig. */
const endpointWords = [
  ['production', 'production_endpoints'],
  ['sandbox', 'sandbox_endpoints'],
  ['productionFailovers', 'production_failovers'],
  ['sandboxFailovers', 'sandbox_failovers'],
  ['sessionManagement', 'sessionManagement'],
  ['sessionTimeOut', 'sessionTimeOut'],
  ['algoClassName', 'algoClassName'],
] as const;

/** New endpoints replace all old ones; credentials stay. */
function endpointGrafts(api: SourceFile, parameters: SourceFile, configs: Path): readonly Graft[] {
  const { type, field } = routing(parameters, configs);
  const from = [...configs, field];
  const isGiven = isRecord(valueAt(parameters.value, from));
  if (!isGiven && type !== 'awslambda' && type !== 'default') return [];
  const security = valueAt(api.value, [...endpointPath, 'endpoint_security']);
  const kept = security === undefined ? {} : { endpoint_security: security };
  const typeAt = ['endpointRoutingPolicy', 'endpointType'].find(
    (key) => valueAt(parameters.value, [...configs, key]) !== undefined,
  );
  return [
    { at: endpointPath, value: { endpoint_type: type, ...kept }, from: { source: parameters, path: from } },
    {
      at: [...endpointPath, 'endpoint_type'],
      from: { source: parameters, path: [...configs, typeAt ?? field] },
    },
    {
      at: [...endpointPath, 'endpoint_security'],
      from: { source: api, path: [...endpointPath, 'endpoint_security'] },
    },
    ...endpointWords.flatMap(([word, name]) => taken(parameters, [...from, word], [...endpointPath, name])),
  ];
}

function routing(parameters: SourceFile, configs: Path): { readonly type: string; readonly field: string } {
  const policy = valueAt(parameters.value, [...configs, 'endpointRoutingPolicy']);
  if (policy === 'load_balanced') return { type: 'load_balance', field: 'loadBalanceEndpoints' };
  if (policy === 'failover') return { type: 'failover', field: 'failoverEndpoints' };
  const type = valueAt(parameters.value, [...configs, 'endpointType']);
  if (type === 'aws') return { type: 'awslambda', field: 'awsLambdaEndpoints' };
  if (type === 'dynamic') return { type: 'default', field: 'endpoints' };
  return { type: type === 'soap' ? 'address' : 'http', field: 'endpoints' };
}

/** Credentials for one key type each, or, as apictl had it before, for both. */
function securityGrafts(parameters: SourceFile, configs: Path): readonly Graft[] {
  const path = [...configs, 'security'];
  const isForBoth = valueAt(parameters.value, [...path, 'enabled']) !== undefined;
  return ['production', 'sandbox'].flatMap((name) => {
    const from = isForBoth ? path : [...path, name];
    const enabled = valueAt(parameters.value, [...from, 'enabled']);
    const at = [...endpointPath, 'endpoint_security', name];
    return enabled === undefined || enabled === null ? [] : taken(parameters, from, at);
  });
}

/** A value of the parameters in the place of another, where there is one. */
export function taken(parameters: SourceFile, path: Path, at: Path): readonly Graft[] {
  const value = valueAt(parameters.value, path);
  return value === undefined || value === null ? [] : [{ at, value, from: { source: parameters, path } }];
}
