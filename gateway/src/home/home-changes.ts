import type { Config } from '../config/config.ts';
import type { Diagnostic } from '../config/diagnostic.ts';
import { type Home, homeBounds } from '../config/home.ts';
import type { ReadConfig } from '../config/read-config.ts';
import { wholeFile } from '../config/source-file.ts';
import {
  type ChangeableHome,
  type DoneEdit,
  edited,
  type HomeEdit,
  type Outcome,
  type ReadHome,
} from './home-edit.ts';
import { writeFile } from './write-file.ts';

export interface HomeChangesParts {
  readonly path: string;
  readonly read: () => Promise<ReadHome>;
  /** What a gateway would go by. Requests are served meanwhile. */
  readonly configOf: (home: Home) => Promise<ReadConfig>;
  /** Makes the gateway go by another configuration. */
  readonly takeOver: (config: Config) => Promise<unknown>;
  /** Runs one thing after the other, and none beside a reload. */
  readonly inTurn: <T>(turn: () => Promise<T>) => Promise<T>;
}

/** Hears of changes, so that others can be told. */
export interface ChangeWitness {
  /** Before the files are written. */
  begin(edits: readonly DoneEdit[]): Promise<void>;
  /** When they are, and the gateway goes by them. */
  done(edits: readonly DoneEdit[]): Promise<void>;
}

/** Changes the files of a home, and has the gateway go by them. */
export class HomeChanges implements ChangeableHome {
  readonly #parts: HomeChangesParts;

  constructor(parts: HomeChangesParts) {
    this.#parts = parts;
  }

  read(): Promise<ReadHome> {
    return this.#parts.read();
  }

  /** Runs with the files as they are, beside no change; not at all when they can't be read. */
  alone(turn: (home: Home) => Promise<void>): Promise<void> {
    return this.#parts.inTurn(async () => {
      const read = await this.#parts.read();
      if ('home' in read) await turn(read.home);
    });
  }

  change(planned: (home: Home) => readonly HomeEdit[], witness?: ChangeWitness): Promise<Outcome> {
    return this.#parts.inTurn(async () => {
      const read = await this.#parts.read();
      if ('diagnostics' in read) return { taken: false, ...read };
      const texts = new Map(read.home.map(({ path, text }) => [path, text]));
      const edits = planned(read.home).map(({ path, text }) => ({ path, text, before: texts.get(path) }));
      return this.#take(edited(read.home, edits), edits, witness);
    });
  }

  async #take(home: Home, edits: readonly DoneEdit[], witness?: ChangeWitness): Promise<Outcome> {
    const tooLarge = tooLargeOnes(home, edits);
    if (tooLarge.length > 0) return { taken: false, diagnostics: tooLarge };
    const { config, diagnostics } = await this.#parts.configOf(home);
    if (config === undefined) return { taken: false, diagnostics };
    await witness?.begin(edits);
    const written: DoneEdit[] = [];
    try {
      for (const edit of edits.filter(({ text, before }) => text !== before)) {
        await writeFile(this.#parts.path, edit);
        written.push(edit);
      }
      await this.#parts.takeOver(config);
    } catch (error) {
      for (const { path, before } of written) await writeFile(this.#parts.path, { path, text: before });
      throw error;
    }
    await witness?.done(edits);
    return { taken: true };
  }
}

/** What was written couldn't be read again. */
function tooLargeOnes(home: Home, edits: readonly HomeEdit[]): readonly Diagnostic[] {
  const { fileBytesMax, filesMax, bytesMax } = homeBounds;
  const found: Diagnostic[] = [];
  const add = (path: string, message: string): unknown =>
    found.push(wholeFile('error', 'too-large', path, message));
  for (const { path, text = '' } of edits) {
    if (Buffer.byteLength(text) > fileBytesMax) add(path, `The file is larger than ${fileBytesMax} bytes.`);
  }
  const [first] = edits;
  if (first?.text === undefined) return found;
  const bytes = home.reduce((sum, { text }) => sum + text.length, 0);
  if (bytes > bytesMax) add(first.path, `The files of the home are larger than ${bytesMax} bytes together.`);
  if (home.length > filesMax) add(first.path, `The home holds more than ${filesMax} files.`);
  return found;
}
