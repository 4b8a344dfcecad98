import type { Diagnostic } from '../config/diagnostic.ts';
import { digestOf, isShared, type SharedEntry } from './shared-entry.ts';
import type { ChangeWitness, HomeChanges } from '../home/home-changes.ts';
import type { DoneEdit, HomeEdit } from '../home/home-edit.ts';
import type { Clock } from '../limits/clock.ts';
import { StoreError } from '../limits/counter-store.ts';
import type { FileExchange } from './file-exchange.ts';
import { KeptRecord } from './kept-record.ts';
import { followPlan, type Step } from './follow-plan.ts';
import { publishFile, restoreFile } from './publish-file.ts';
import type { KnownFile } from './shared-record.ts';
import type { SharedStatus } from '../home/shared-status.ts';

export interface SharerParts {
  readonly name: string;
  readonly homePath: string;
  readonly home: HomeChanges;
  readonly exchange: FileExchange;
  readonly clock: Clock;
  /** Takes lines for people. */
  readonly report: (line: string) => void;
}

const lookEveryMs = 250;
/** What this gateway doesn't take is tried again so often: somebody may have mended its files. */
const retryEveryMs = 10_000;

type Follow = Extract<Step, { readonly do: 'follow' }>;

/** Has a gateway's files follow those of the others, and the others follow what is changed here. */
export class FileSharer implements ChangeWitness {
  readonly #parts: SharerParts;
  readonly #record: KeptRecord;
  /** Of the exchange when everything in it was looked at; undefined before that. */
  #seen: string | null | undefined;
  #retryAtMs = 0;
  #trouble: unknown = new StoreError('it has not been asked yet');
  #changedByHand: readonly string[] = [];
  #refused: readonly { readonly path: string; readonly why: string }[] = [];
  readonly #told = new Set<string>();
  #cancelNext = (): void => {};
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: SharerParts) {
    this.#parts = parts;
    this.#record = new KeptRecord(parts.homePath, parts.name);
  }

  /** Begins to look what others have changed. The gateway must be able to go by it. */
  start(): void {
    this.#looking = this.#record.opened.then(() => this.#look());
  }

  get status(): SharedStatus {
    return {
      name: this.#parts.name,
      state: this.#state,
      revision: this.#seen ?? '0',
      changedByHand: this.#changedByHand,
      refused: this.#refused,
      ...(this.#trouble !== undefined && { trouble: wordsOf(this.#trouble) }),
    };
  }

  get #state(): SharedStatus['state'] {
    if (this.#trouble !== undefined) return this.#trouble instanceof StoreError ? 'away' : 'failing';
    return this.#changedByHand.length + this.#refused.length > 0 ? 'behind' : 'in step';
  }

  /** Looks no more; ends when a look that is under way has. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelNext();
    await this.#looking;
    this.#parts.exchange.close();
  }

  async begin(edits: readonly DoneEdit[]): Promise<void> {
    await this.#record.opened;
    await this.#record.addPending(edits);
  }

  /** What can't be published now waits until it can. */
  async done(edits: readonly DoneEdit[]): Promise<void> {
    try {
      for (const edit of edits) await this.#publish(edit);
    } catch (error) {
      this.#troubled(error);
    }
  }

  async #look(): Promise<void> {
    try {
      await this.#publishPending();
      const revision = await this.#parts.exchange.revision();
      const nowMs = this.#parts.clock.monotonicMs();
      const isRetried = this.#changedByHand.length + this.#refused.length > 0 && nowMs >= this.#retryAtMs;
      // After an outage the same revision may be another change: Redis may have lost the one that was seen.
      const isNew = revision !== this.#seen || this.#trouble !== undefined;
      if (isNew || isRetried) await this.#follow();
      if (this.#told.delete('trouble')) this.#parts.report('shared changes: all is well again');
      this.#trouble = undefined;
    } catch (error) {
      this.#troubled(error);
    }
    if (!this.#isClosed) {
      this.#cancelNext = this.#parts.clock.after(lookEveryMs, () => {
        this.#looking = this.#look();
      });
    }
  }

  /** What was changed here while nobody could be told. A change that a crash undid is forgotten. */
  async #publishPending(): Promise<void> {
    if (Object.keys(this.#record.now.pending).length === 0) return;
    await this.#parts.home.alone(async (home) => {
      for (const [path, { digest }] of Object.entries(this.#record.now.pending)) {
        const text = home.find((file) => file.path === path)?.text;
        if (digestOf(text) === digest) await this.#publish({ path, text });
        else await this.#record.settle(path, undefined);
      }
    });
  }

  async #publish(edit: HomeEdit): Promise<void> {
    const known = isShared(edit.path)
      ? await publishFile(this.#parts.exchange, this.#record.now, edit)
      : undefined;
    await this.#record.settle(edit.path, known);
  }

  /** What Redis has lost. */
  async #restore(entries: ReadonlyMap<string, string>): Promise<void> {
    await this.#parts.home.alone(async (home) => {
      for (const step of followPlan(home, entries, this.#record.now)) {
        if (step.do !== 'restore') continue;
        const raw = entries.get(step.path);
        await restoreFile(this.#parts.exchange, this.#record.now, { ...step, raw });
      }
    });
  }

  async #follow(): Promise<void> {
    const { home, exchange, clock } = this.#parts;
    const { revision, entries } = await exchange.all();
    const read = await home.read();
    if ('diagnostics' in read) throw new Error("this gateway's files can't be read");
    const steps = followPlan(read.home, entries, this.#record.now);
    const refused = new Map<string, string>();
    for (const step of steps) {
      if (step.do === 'refuse') refused.set(step.path, step.why);
    }
    if (steps.some((step) => step.do === 'restore')) await this.#restore(entries);
    const toFollow = steps.filter((step) => step.do === 'follow');
    if (toFollow.length > 0 && (await this.#take(toFollow, entries)) !== undefined) {
      // One may be refused for itself: then the others needn't wait.
      for (const step of toFollow) {
        const why = await this.#take([step], entries);
        if (why !== undefined) refused.set(step.path, why);
      }
    }
    this.#refused = [...refused].map(([path, why]) => ({ path, why }));
    this.#changedByHand = steps.filter((step) => step.do === 'leave').map(({ path }) => path);
    this.#seen = revision;
    this.#retryAtMs = clock.monotonicMs() + retryEveryMs;
    this.#tell();
  }

  /** Gives why this gateway doesn't take them. */
  async #take(steps: readonly Follow[], entries: ReadonlyMap<string, string>): Promise<string | undefined> {
    let taken: readonly Follow[] = [];
    const outcome = await this.#parts.home.change((home) => {
      // The files may have changed since they were compared.
      const wanted = new Set(steps.map(({ path }) => path));
      taken = followPlan(home, entries, this.#record.now)
        .filter((step) => step.do === 'follow')
        .filter(({ path }) => wanted.has(path));
      return taken.map(({ path, entry }): HomeEdit => ({ path, text: entry.text }));
    });
    if (!outcome.taken) return firstError(outcome.diagnostics);
    const files = Object.fromEntries(taken.map(({ path, entry }) => [path, knownOf(entry)]));
    await this.#record.addKnown(files);
    for (const { path, entry } of taken)
      this.#parts.report(
        `shared changes: ${path} ${entry.text === undefined ? 'removed' : 'taken over'}, revision ${entry.revision}`,
      );
    return undefined;
  }

  #tell(): void {
    for (const path of this.#changedByHand)
      this.#once(`${path} was changed by hand here, and by the API elsewhere: it stays as it is`);
    for (const { path, why } of this.#refused) this.#once(`${path} is not taken over: ${why}`);
  }

  #troubled(error: unknown): void {
    this.#trouble = error;
    if (this.#told.has('trouble')) return;
    this.#told.add('trouble');
    this.#parts.report(`shared changes: ${this.#state}: ${wordsOf(error)}`);
  }

  #once(line: string): void {
    const told = `${this.#seen} ${line}`;
    if (this.#told.has(told)) return;
    if (this.#told.size > 1000) this.#told.clear();
    this.#told.add(told);
    this.#parts.report(`shared changes: ${line}`);
  }
}

function knownOf({ revision, text, after }: SharedEntry): KnownFile {
  return { revision, digest: digestOf(text), after };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstError(diagnostics: readonly Diagnostic[]): string {
  const error = diagnostics.find(({ severity }) => severity === 'error');
  return error === undefined ? 'it is refused' : `${error.at.file}:${error.at.line}: ${error.message}`;
}
