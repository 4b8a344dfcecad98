import { didYouMean, quote } from './nearest-name.ts';
import type { Path, SourceFile } from './source-file.ts';
import type { PolicyEntry } from './throttling-policy.ts';

type PolicyNoun = 'subscription tier' | 'application tier' | 'advanced policy';

export interface ShelfContents<Policy> {
  readonly noun: PolicyNoun;
  readonly builtIn: readonly Policy[];
  /** Built-in policies that aren't supported yet: what each needs, by name. */
  readonly builtInElsewhere?: Readonly<Record<string, string>>;
  /** Names in files that have errors: using them is no second error. */
  readonly broken: ReadonlySet<string>;
}

/** All policies of one kind: those of files, and the built-in ones that no file replaces. */
export class PolicyShelf<Policy extends { readonly name: string }> {
  readonly #contents: ShelfContents<Policy>;
  readonly #fromFiles = new Map<
    string,
    { readonly entry: PolicyEntry<Policy>; readonly source: SourceFile }
  >();
  /** Unsupported policies that something uses, so that they aren't warned about as unused. */
  readonly #used = new Set<string>();

  constructor(contents: ShelfContents<Policy>) {
    this.#contents = contents;
  }

  /** Adds the policy of a file; a second one of the same name is reported. */
  put(name: string, entry: PolicyEntry<Policy>, source: SourceFile): void {
    const first = this.#fromFiles.get(name);
    if (first === undefined) {
      this.#fromFiles.set(name, { entry, source });
      return;
    }
    const { file, line } = first.entry.at;
    const message = `There is another ${this.#contents.noun} named ${quote(name)}, at ${file}:${line}.`;
    source.error({ code: 'duplicate', path: ['data', 'policyName'], message });
  }

  /** The policy that a file names at a path. One that doesn't exist, or isn't supported, is reported there. */
  find(name: string, source: SourceFile, path: Path): Policy | undefined {
    const entry = this.#fromFiles.get(name)?.entry;
    if (entry?.state === 'ready') return entry.policy;
    if (entry?.state === 'not-supported') {
      this.#used.add(name);
      const where = `${entry.at.file}:${entry.at.line}`;
      const message = `The ${this.#contents.noun} ${quote(name)} needs ${entry.what}, which is not supported yet (${where}).`;
      source.error({ code: 'not-supported', path, message });
      return undefined;
    }
    return this.#findBuiltIn(name, source, path);
  }

  /** All policies there are, but for those that aren't supported. */
  all(): readonly Policy[] {
    const ready = [...this.#fromFiles.values()].flatMap(({ entry }) =>
      entry.state === 'ready' ? [entry.policy] : [],
    );
    return [...ready, ...this.#contents.builtIn.filter(({ name }) => !this.#fromFiles.has(name))];
  }

  /** Warns about policies that would be errors if anything used them. */
  warnAboutUnused(): void {
    for (const [name, { entry, source }] of this.#fromFiles) {
      if (entry.state === 'ready' || this.#used.has(name)) continue;
      const message = `The ${this.#contents.noun} ${quote(name)} needs ${entry.what}, which is not supported yet.`;
      const hint = 'Nothing uses it now; an API or application that does will be an error.';
      source.warning({ code: 'not-supported', path: ['data', 'policyName'], message, hint });
    }
  }

  #findBuiltIn(name: string, source: SourceFile, path: Path): Policy | undefined {
    const { noun, builtIn, builtInElsewhere = {}, broken } = this.#contents;
    // WSO2 compares this name, and no other, without regard to case.
    const wanted = name.toLowerCase() === 'unlimited' ? 'Unlimited' : name;
    const found = builtIn.find((policy) => policy.name === wanted);
    if (found !== undefined || broken.has(name)) return found;
    const what = Object.hasOwn(builtInElsewhere, name) ? builtInElsewhere[name] : undefined;
    if (what !== undefined) {
      const message = `The built-in ${noun} ${quote(name)} needs ${what}, which is not supported yet.`;
      source.error({ code: 'not-supported', path, message });
      return undefined;
    }
    const code = noun === 'advanced policy' ? 'unknown-policy' : 'unknown-tier';
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
