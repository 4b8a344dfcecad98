import type { Clock } from '../../limits/clock.ts';

/** The moment from which on a store can be asked: when it is ready, or has had long enough to become so. */
export class Opening {
  readonly isOver: Promise<void>;
  #end = (): void => {};

  constructor(clock: Clock, msMax: number) {
    this.isOver = new Promise((resolve) => {
      const cancel = clock.after(msMax, resolve);
      this.#end = () => {
        cancel();
        resolve();
      };
    });
  }

  end(): void {
    this.#end();
  }
}
