import type { ReloadReport } from '../admin/reload.ts';
import type { Config } from '../config/config.ts';
import type { ReadConfig } from '../config/read-config.ts';

export interface ReloaderParts {
  /** Undefined where a gateway was started without files. */
  readonly read: (() => Promise<ReadConfig>) | undefined;
  /** Has the gateway go by a configuration; gives what takes a restart, in words. Rejects, and nothing has changed, when it can't. */
  readonly takeOver: (config: Config) => Promise<readonly string[]>;
  /** Hears of each reload once, with all who asked for it, such as `SIGHUP`. */
  readonly reloaded: (report: ReloadReport, askers: string) => void;
  readonly reportBug: (error: unknown) => void;
}

/** A reload that hasn't begun, for all who ask until it does. */
interface Asked {
  readonly askers: Set<string>;
  readonly report: Promise<ReloadReport>;
}

/**
 * The one way by which a running gateway goes by other files. Reloads run one after the other; who asks while one runs gets the
 * report of a single one after it, which sees whatever was written before they asked.
 */
export class Reloader {
  readonly #parts: ReloaderParts;
  #last: Promise<unknown> = Promise.resolve();
  #next: Asked | undefined;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  reload(asker: string): Promise<ReloadReport> {
    if (this.#next === undefined) {
      const askers = new Set<string>();
      const report = this.#last.then(() => this.#run(askers));
      this.#next = { askers, report };
      this.#last = report;
    }
    this.#next.askers.add(asker);
    return this.#next.report;
  }

  async #run(askers: ReadonlySet<string>): Promise<ReloadReport> {
    this.#next = undefined;
    const report = await this.#outcome();
    this.#parts.reloaded(report, [...askers].join(', '));
    return report;
  }

  async #outcome(): Promise<ReloadReport> {
    const { read, takeOver, reportBug } = this.#parts;
    if (read === undefined) return { outcome: 'no-files' };
    try {
      const { config, diagnostics } = await read();
      const told = diagnostics.filter(({ severity }) => severity !== 'note');
      if (config === undefined) return { outcome: 'refused', diagnostics: told };
      const restartNeeded = await takeOver(config);
      return { outcome: 'in-force', apis: config.apis.length, restartNeeded, diagnostics: told };
    } catch (error) {
      reportBug(error);
      return { outcome: 'failed' };
    }
  }
}
