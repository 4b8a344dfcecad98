import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something that other processes bring about; fails after `deadlineMs`. */
export async function until(holds: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<void> {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > deadlineMs)
      throw new Error(`not so within ${deadlineMs} ms: ${String(holds)}`);
    await sleep(5);
  }
}
