/**
 * Resolves on the first SIGTERM or SIGINT, or when the process that started this one over an IPC channel is gone. A second
 * signal ends the process at once, as by default.
 */
export async function untilToldToEnd(): Promise<'SIGTERM' | 'SIGINT' | 'parent gone'> {
  const { promise, resolve } = Promise.withResolvers<'SIGTERM' | 'SIGINT' | 'parent gone'>();
  const onTerm = (): void => resolve('SIGTERM');
  const onInt = (): void => resolve('SIGINT');
  const onGone = (): void => resolve('parent gone');
  process.once('SIGTERM', onTerm);
  process.once('SIGINT', onInt);
  if (process.connected) process.once('disconnect', onGone);
  const told = await promise;
  // The channel would keep this process alive; and a second signal is to end it at once.
  process.off('disconnect', onGone).off('SIGTERM', onTerm).off('SIGINT', onInt);
  if (process.connected) process.disconnect?.();
  return told;
}
