/** Runs `reload` at each SIGHUP, one after the other. Gives a function that ends it. */
export function onHangup(reload: () => Promise<void>): () => void {
  let last = Promise.resolve();
  const hear = (): void => {
    last = last.then(reload);
  };
  process.on('SIGHUP', hear);
  return () => {
    process.off('SIGHUP', hear);
  };
}
