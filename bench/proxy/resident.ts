import { spread, type Spread } from '../statistics.ts';
import { residentBytes } from './cpu-time.ts';

const sampleEveryMs = 50;

/** Resident memory of a process while something goes on, in MiB. */
export async function residentWhile(pid: number, going: () => Promise<unknown>): Promise<Spread> {
  const samples = [residentMiB(pid)];
  const timer = setInterval(() => samples.push(residentMiB(pid)), sampleEveryMs);
  try {
    await going();
  } finally {
    clearInterval(timer);
  }
  return spread(samples);
}

function residentMiB(pid: number): number {
  return residentBytes(pid) / 1024 / 1024;
}
