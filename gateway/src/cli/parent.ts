import type { Listening } from './demo/child.ts';

/** Tells the process that started this one over an IPC channel, if one did. */
export function tellParent(message: Listening): void {
  process.send?.(message);
}
