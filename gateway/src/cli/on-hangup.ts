/** Runs `reload` at each SIGHUP, one after the other; `failed` hears of one that throws, and the next runs all the same. */
export function onHangup(reload: () => Promise<void>, failed: (error: unknown) => void): void {
  let last = Promise.resolve();
  process.on('SIGHUP', () => {
    last = last.then(reload).catch(failed);
  });
}
