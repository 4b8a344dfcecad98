import type { ReloadReport } from '../admin/reload.ts';
import type { Config } from '../config/config.ts';
import type { HomeConfig } from './home-config.ts';

export interface ReloaderParts {
  /** Takes what was read last. */
  readonly read: (known: HomeConfig | undefined) => Promise<HomeConfig>;
  /** What is in force before the first reload; undefined where a gateway was started without files. */
  readonly first: HomeConfig | undefined;
  /** Has the gateway go by a configuration; gives what takes a restart, in words. Rejects, and nothing has changed, when it can't. */
  readonly takeOver: (config: Config) => Promise<readonly string[]>;
  /** Hears of each reload once, with all who asked for it, such as `SIGHUP`. */
  readonly reloaded: (report: ReloadReport, askers: string) => void;
  readonly reportBug: (error: unknown) => void;
}

/** A reload that hasn't begun, for all who ask until it does. */
interface Asked {
  readonly askers: Set<string>;
  /** Whether what was read counts; undefined when somebody wants to be told in any case. */
  stillRest: (() => Promise<boolean>) | undefined;
  readonly report: Promise<ReloadReport>;
}

/**
 * The one way by which a running gateway goes by other files. Reloads run one after the other; who asks while one runs gets the
 * report of a single one after it, which sees whatever was written before they asked.
 */
export class Reloader {
  readonly #parts: ReloaderParts;
  /** The files as they were read last. */
  #known: HomeConfig | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #next: Asked | undefined;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#known = parts.first;
  }

  /** Other files that the home names, as it names them. */
  get namedPaths(): readonly string[] {
    return this.#known?.namedPaths ?? [];
  }

  /** Reads the files again and goes by them. Never rejects. */
  reload(asker: string): Promise<ReloadReport> {
    return this.#ask(asker);
  }

  /**
   * Does so unless the files say what they said when they were read last, or something was written to them meanwhile; then nobody
   * hears of it.
   */
  async reloadIfChanged(asker: string, stillRest: () => Promise<boolean>): Promise<void> {
    await this.#ask(asker, stillRest);
  }

  #ask(asker: string, stillRest?: () => Promise<boolean>): Promise<ReloadReport> {
    const asked = this.#next ?? this.#later(stillRest);
    asked.askers.add(asker);
    if (stillRest === undefined) asked.stillRest = undefined;
    return asked.report;
  }

  #later(stillRest: Asked['stillRest']): Asked {
    const report = this.#last.then(() => this.#run(asked));
    const asked: Asked = { askers: new Set(), stillRest, report };
    this.#next = asked;
    this.#last = report;
    return asked;
  }

  /** Runs alone: not beside a reload, nor beside another turn. */
  inTurn<T>(turn: () => Promise<T>): Promise<T> {
    const done = this.#last.then(turn);
    this.#last = done.catch(() => {});
    return done;
  }

  async #run(asked: Asked): Promise<ReloadReport> {
    this.#next = undefined;
    const { read, first, takeOver, reloaded, reportBug } = this.#parts;
    const tell = (report: ReloadReport): ReloadReport => {
      reloaded(report, [...asked.askers].join(', '));
      return report;
    };
    if (first === undefined) return tell({ outcome: 'no-files' });
    try {
      const files = await read(this.#known);
      const { stillRest } = asked;
      if (stillRest !== undefined && (files.digest === this.#known?.digest || !(await stillRest())))
        return { outcome: 'unchanged' };
      const { config, diagnostics } = files;
      const told = diagnostics.filter(({ severity }) => severity !== 'note');
      const restartNeeded = config === undefined ? [] : await takeOver(config);
      this.#known = files;
      if (config === undefined) return tell({ outcome: 'refused', diagnostics: told });
      return tell({ outcome: 'in-force', apis: config.apis.length, restartNeeded, diagnostics: told });
    } catch (error) {
      reportBug(error);
      return tell({ outcome: 'failed' });
    }
  }
}
