import { didYouMean, quote } from './nearest-name.ts';
import type { Path, SourceFile } from './source-file.ts';
import type { PolicyEntry } from './throttling-policy.ts';

type PolicyNoun = 'subscription tier' | 'application tier' | 'advanced policy';

export interface ShelfContents<Policy> {
  readonly noun: PolicyNoun;
  readonly builtIn: readonly Policy[];
  /** Names of built-in policies whose values are not known: only a file can give them. */
  readonly unpublished?: readonly string[];
  /** Names in files that have errors: using them is no second error. */
  readonly broken: ReadonlySet<string>;
}

/** All policies of one kind: those of files, and the built-in ones that no file replaces. */
export class PolicyShelf<Policy extends { readonly name: string }> {
  readonly #contents: ShelfContents<Policy>;
  readonly #fromFiles = new Map<string, PolicyEntry<Policy>>();

  constructor(contents: ShelfContents<Policy>) {
    this.#contents = contents;
  }

  /** Adds the policy of a file; a second one of the same name is reported. */
  put(entry: PolicyEntry<Policy>, source: SourceFile): void {
    const { name } = entry.policy;
    const first = this.#fromFiles.get(name);
    if (first === undefined) {
      this.#fromFiles.set(name, entry);
      return;
    }
    const { file, line } = first.at;
    const message = `There is another ${this.#contents.noun} named ${quote(name)}, at ${file}:${line}.`;
    source.error({ code: 'duplicate', path: ['data', 'policyName'], message });
  }

  /** The policy that a file names at a path. One that doesn't exist is reported there. */
  find(name: string, source: SourceFile, path: Path): Policy | undefined {
    return this.#fromFiles.get(name)?.policy ?? this.#findBuiltIn(name, source, path);
  }

  /** All policies there are. */
  all(): readonly Policy[] {
    const fromFiles = [...this.#fromFiles.values()].map(({ policy }) => policy);
    return [...fromFiles, ...this.#contents.builtIn.filter(({ name }) => !this.#fromFiles.has(name))];
  }

  #findBuiltIn(name: string, source: SourceFile, path: Path): Policy | undefined {
    const { noun, builtIn, unpublished = [], broken } = this.#contents;
    // WSO2 compares this name, and no other, without regard to case.
    const wanted = name.toLowerCase() === 'unlimited' ? 'Unlimited' : name;
    const found = builtIn.find((policy) => policy.name === wanted);
    if (found !== undefined || broken.has(name)) return found;
    const code = noun === 'advanced policy' ? 'unknown-policy' : 'unknown-tier';
    if (unpublished.includes(name)) {
      const message = `The values of WSO2's built-in ${noun} ${quote(name)} are not published.`;
      const hint = `Export it: apictl export policy rate-limiting -n ${name} --type sub, into policies/.`;
      source.error({ code, path, message, hint });
      return undefined;
    }
    const known = [...this.#fromFiles.keys(), ...broken, ...builtIn.map((policy) => policy.name)];
    const message = `There is no ${noun} named ${quote(name)}.`;
    source.error({
      code,
      path,
      message,
      hint: didYouMean(name, known) ?? 'Add it in a file under policies/.',
    });
    return undefined;
  }
}
