const minute = 60_000;
const hour = 60 * minute;

/** Waits for the next hour where this one is nearly over, so that its windows aren't cut in two. */
export function hourWithRoom(): Promise<void> {
  return windowWithRoom({ windowMs: hour, neededMs: 20_000 });
}

/** The same for minutes. */
export function minuteWithRoom(neededMs: number): Promise<void> {
  return windowWithRoom({ windowMs: minute, neededMs });
}

async function windowWithRoom({ windowMs, neededMs }: { windowMs: number; neededMs: number }): Promise<void> {
  const leftMs = windowMs - (Date.now() % windowMs);
  if (leftMs < neededMs) await new Promise((resolve) => setTimeout(resolve, leftMs + 50));
}
