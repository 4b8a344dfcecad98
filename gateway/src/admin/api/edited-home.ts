import type { Home } from '../../config/home.ts';
import type { ChangeableHome, HomeEdit } from '../../home/home-edit.ts';
import { WriteError } from '../../home/write-file.ts';
import { ApiError } from './api-error.ts';

/** A home, to the API: what goes wrong is an `ApiError`. */
export class EditedHome {
  readonly #home: ChangeableHome;

  constructor(home: ChangeableHome) {
    this.#home = home;
  }

  /** The files as they are. */
  async read(): Promise<Home> {
    const read = await this.#home.read();
    if ('home' in read) return read.home;
    throw new ApiError(500, "The gateway's files can't be read.", { findings: read.diagnostics });
  }

  /** Does what is planned, or nothing: then it throws `ApiError`. Gives the plan. What is removed may be in use: that is a 403. */
  async change<Planned extends { readonly edits: readonly HomeEdit[] }>(
    plan: (home: Home) => Planned,
    { isRemoval = false }: { readonly isRemoval?: boolean } = {},
  ): Promise<Planned> {
    let planned: Planned | undefined;
    const outcome = await this.#home
      .change((home) => {
        planned = plan(home);
        return planned.edits;
      })
      .catch((error: unknown) => {
        if (!(error instanceof WriteError)) throw error;
        throw new ApiError(500, `The files can't be written: ${error.message}`);
      });
    if (outcome.taken && planned !== undefined) return planned;
    const findings = outcome.taken ? [] : outcome.diagnostics;
    if (isRemoval && findings.some(({ code }) => code === 'unknown-tier' || code === 'unknown-policy')) {
      throw new ApiError(403, 'It is in use.', { findings });
    }
    throw new ApiError(400, 'With this change the files would be refused.', { findings });
  }
}
