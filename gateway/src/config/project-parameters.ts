import {
  type ChosenEnvironment,
  chosenConfigs,
  type Configs,
  reportOthers,
  taken,
  tierNames,
  withConfigs,
  withParameters,
} from './api-parameters.ts';
import { withVariables } from './apictl-variables.ts';
import { checkFields } from './check-value.ts';
import { anyMapping, mapping } from './expected.ts';
import { graftedSource } from './grafted-source.ts';
import { productAround } from './home.ts';
import { quote } from './nearest-name.ts';
import { isProduct } from './product-source.ts';
import type { ParsedProject } from './project-twins.ts';
import { isRecord, type ParsedFile, type Path, type SourceFile, valueAt } from './source-file.ts';
import { apiFieldsWithoutEffect } from './wso2-names.ts';

/** Projects with placeholders filled in and parameters applied: their own, or those that a product has for its APIs. */
export function withAllParameters(
  projects: readonly ParsedProject[],
  environment: ChosenEnvironment,
): readonly ParsedFile[] {
  const ofProducts = new Map<string, ProductConfigs>();
  for (const { project, source, parameters } of projects) {
    if (!isProduct(source?.value) || parameters === undefined) continue;
    const configs = chosenConfigs(parameters, environment);
    if (configs !== undefined) ofProducts.set(project, new ProductConfigs(configs));
  }
  const all = projects.map(({ path, project, source, parameters }): ParsedFile => {
    if (source === undefined) return { path, source };
    const filled = withEnvironment(source, environment);
    if (isProduct(source.value))
      return { path, source: ofProducts.get(project)?.ofProduct(filled) ?? filled };
    if (parameters !== undefined) return { path, source: withParameters(filled, parameters, environment) };
    const ofProduct = ofProducts.get(productAround(project) ?? '');
    return { path, source: ofProduct?.ofMember(filled) ?? filled };
  });
  for (const configs of ofProducts.values()) configs.reportUnused();
  return all;
}

function withEnvironment(source: SourceFile, { variables }: ChosenEnvironment): SourceFile {
  const data = valueAt(source.value, ['data']);
  const fields = Object.keys(isRecord(data) ? data : {}).filter(
    (name) => !apiFieldsWithoutEffect.includes(name),
  );
  const paths = fields.map((name) => ['data', name]);
  return withVariables(source, paths, { variables, form: 'braces' });
}

const productSchema = mapping(
  {
    policies: tierNames,
    dependentAPIs: anyMapping('the APIs of the product, each by its name and version').nullish(),
  },
  ['name', 'certs', 'mutualSslCerts', 'deploymentEnvironments', 'gatewayEnvironments'],
);

/** What `apictl import api-product --params` applies, to the product and to APIs that lie in its project. */
class ProductConfigs {
  readonly #configs: Configs;
  readonly #membersAt: Path;
  readonly #unused: Set<string>;

  constructor(configs: Configs) {
    const { source, at } = configs;
    this.#configs = configs;
    this.#membersAt = [...at, 'dependentAPIs'];
    const { dependentAPIs } = checkFields(source, productSchema, at);
    this.#unused = new Set(Object.keys(dependentAPIs ?? {}));
    reportOthers(source, at);
  }

  ofProduct(product: SourceFile): SourceFile {
    const { source, at } = this.#configs;
    return graftedSource(product, taken(source, [...at, 'policies'], ['data', 'policies']));
  }

  ofMember(api: SourceFile): SourceFile {
    const [name, version] = ['name', 'version'].map((field) => valueAt(api.value, ['data', field]));
    const key = `${String(name)}-${String(version)}`;
    return this.#unused.delete(key)
      ? withConfigs(api, { source: this.#configs.source, at: [...this.#membersAt, key] })
      : api;
  }

  reportUnused(): void {
    for (const name of this.#unused) {
      const message = `These parameters of ${quote(name)} have no effect: the API isn't in the product's APIs/, is taken from elsewhere in the home, or has parameters of its own.`;
      this.#configs.source.warning({
        code: 'no-effect',
        path: [...this.#membersAt, name],
        part: 'key',
        message,
      });
    }
  }
}
