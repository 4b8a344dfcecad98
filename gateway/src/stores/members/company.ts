import type { Clock } from '../../limits/clock.ts';

const firstViewMsMax = 1500;
/** A view that is lost for less than this, as when a connection is replaced, is no outage: claims wait for the next one. */
const withoutViewMsMax = 100;

/** Whether this member is in a view, and how long it is worth to wait for one. */
export class Company {
  /** Resolves when this member counts with others for the first time, or has waited long enough for that. */
  readonly opened: Promise<void>;
  readonly #clock: Clock;
  readonly #gaveUp: () => void;
  #open = (): void => {};
  #cancelWait = (): void => {};
  #isAlone = true;

  /** `inVain`: the first view hasn't begun, and is waited for no longer. `gaveUp`: there is no view, and no more waiting for one. */
  constructor(
    clock: Clock,
    { inVain, gaveUp }: { readonly inVain: () => void; readonly gaveUp: () => void },
  ) {
    this.#clock = clock;
    this.#gaveUp = gaveUp;
    this.opened = new Promise((resolve) => {
      const cancel = clock.after(firstViewMsMax, () => {
        inVain();
        resolve();
      });
      this.#open = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Not in a view, and for so long that nothing more is waited for. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** The view is one that counts. */
  serves(): void {
    this.#open();
  }

  found(): void {
    this.#cancelWait();
    this.#isAlone = false;
  }

  lost(): void {
    this.#cancelWait();
    this.#cancelWait = this.#clock.after(withoutViewMsMax, () => {
      this.#isAlone = true;
      this.#gaveUp();
    });
  }

  close(): void {
    this.#cancelWait();
  }
}
