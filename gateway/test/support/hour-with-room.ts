const hour = 3_600_000;

/** Waits for the next hour where this one is nearly over, so that its windows aren't cut in two. */
export async function hourWithRoom(): Promise<void> {
  const leftMs = hour - (Date.now() % hour);
  if (leftMs < 20_000) await new Promise((resolve) => setTimeout(resolve, leftMs + 50));
}
