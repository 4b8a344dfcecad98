import type { DoneEdit } from '../home/home-edit.ts';
import { ancestorsOf, digestOf } from './shared-entry.ts';
import {
  type KnownFile,
  type PendingChange,
  readRecord,
  type SharedRecord,
  writeRecord,
} from './shared-record.ts';

/** The record of a home, in memory and on the disk. What changes it rejects with `WriteError`. */
export class KeptRecord {
  readonly #homePath: string;
  readonly #name: string;
  #record: SharedRecord = { files: {}, pending: {} };
  #written: Promise<unknown> = Promise.resolve();
  /** When the record of an earlier run is read. */
  readonly opened: Promise<void>;

  constructor(homePath: string, name: string) {
    this.#homePath = homePath;
    this.#name = name;
    this.opened = readRecord(homePath, name).then((record) => {
      this.#record = record;
    });
  }

  get now(): SharedRecord {
    return this.#record;
  }

  /** Changes that nobody else knows yet. */
  addPending(edits: readonly DoneEdit[]): Promise<void> {
    const { files, pending } = this.#record;
    const added = edits.map((edit): [string, PendingChange] => {
      const after = ancestorsOf([...(pending[edit.path]?.after ?? []), digestOf(edit.before)]);
      return [edit.path, { digest: digestOf(edit.text), after }];
    });
    return this.#keep({ files, pending: { ...pending, ...Object.fromEntries(added) } });
  }

  /** Files that are the same everywhere now. */
  addKnown(known: Readonly<Record<string, KnownFile>>): Promise<void> {
    const { files, pending } = this.#record;
    return this.#keep({ files: { ...files, ...known }, pending });
  }

  /** A pending change is published, or was none. */
  settle(path: string, known: KnownFile | undefined): Promise<void> {
    const { [path]: _, ...pending } = this.#record.pending;
    const { files } = this.#record;
    return this.#keep({ files: known === undefined ? files : { ...files, [path]: known }, pending });
  }

  /** Written one after the other: the last one stays. */
  #keep(record: SharedRecord): Promise<void> {
    this.#record = record;
    const written = this.#written.then(() => writeRecord(this.#homePath, this.#name, record));
    this.#written = written.catch(() => {});
    return written;
  }
}
