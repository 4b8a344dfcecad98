import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClockShift } from './clock-shift.ts';

const command = fileURLToPath(new URL('../../bin/sluice.mjs', import.meta.url));
const preload = new URL('./clock-shift.ts', import.meta.url).href;

export interface GatewaySettings {
  readonly id: string;
  readonly home: string;
  readonly port: number;
  readonly adminPort: number;
  /** Instead of what its home says. */
  readonly storeUrl?: string;
  /** Modules that are loaded before it, and what it finds in its environment besides ours. */
  readonly preloads?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its access log and what it writes to stderr are kept. */
  readonly folder: string;
}

/** A real `sluice start` that can be killed and started again on the same ports, and whose wall clock can be moved. */
export class GatewayProcess {
  readonly settings: GatewaySettings;
  #process: ChildProcess | undefined;
  /** It is meant to run: an end now is a crash. */
  #wanted = false;
  #crashes = 0;
  #logOffset = 0;
  #saidOffset = 0;
  #startsUntold = 0;

  constructor(settings: GatewaySettings) {
    this.settings = settings;
  }

  get url(): string {
    return `http://127.0.0.1:${this.settings.port}`;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.settings.adminPort}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** How often it ended although nobody had told it to. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Starts it, under another id if one is given, and waits until it listens. */
  async start(id: string = this.settings.id): Promise<void> {
    const { home, port, adminPort, storeUrl, preloads = [], environment } = this.settings;
    const args = ['start', '--home', home, '--gateway-id', id];
    if (storeUrl !== undefined) args.push('--store', storeUrl);
    args.push('--port', String(port), '--admin-port', String(adminPort));
    const log = openSync(this.#logPath, 'a');
    const said = openSync(this.#saidPath, 'a');
    const child = fork(command, args, {
      execArgv: [preload, ...preloads].flatMap((module) => ['--import', module]),
      env: { ...process.env, ...environment },
      stdio: ['ignore', log, said, 'ipc'],
    });
    closeSync(log);
    closeSync(said);
    this.#process = child;
    this.#wanted = true;
    this.#startsUntold += 1;
    const ended = once(child, 'exit').then(() => undefined);
    child.on('exit', () => {
      if (this.#wanted && this.#process === child) this.#crashes += 1;
    });
    const listening = await Promise.race([once(child, 'message'), ended]);
    if (listening === undefined) {
      throw new Error(`gateway ${id} ended at its start:\n${readFileSync(this.#saidPath, 'utf8')}`);
    }
  }

  /** Ends it and waits for that. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#wanted = false;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    this.thaw();
    await ended;
  }

  /** It stands still until `thaw`; its connections stay open. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Moves its wall clock by so much, counted from the true time. */
  shiftClock(shiftClockMs: number): void {
    this.#process?.send({ shiftClockMs } satisfies ClockShift);
  }

  /** Lines of its access log since the last call. */
  takeLog(): readonly string[] {
    const { text, offset } = newText(this.#logPath, this.#logOffset);
    this.#logOffset = offset;
    return text.split('\n').filter((line) => line !== '');
  }

  /**
   * What it wrote to stderr since the last call that no healthy gateway writes: bugs, warnings, stacks, and trouble with other
   * members that one run of it told twice.
   */
  takeComplaints(): readonly string[] {
    const { text, offset } = newText(this.#saidPath, this.#saidOffset);
    this.#saidOffset = offset;
    const lines = text.split('\n').filter((line) => line !== '');
    const runs = 1 + this.#startsUntold;
    this.#startsUntold = 0;
    const troubles = [...Map.groupBy(lines, (line) => line)]
      .filter(([line, all]) => membersTrouble.test(line) && all.length > runs)
      .map(([line, all]) => `${all.length} times: ${line}`);
    return [...lines.filter((line) => !healthy.test(line) && !membersTrouble.test(line)), ...troubles];
  }

  get #logPath(): string {
    return join(this.settings.folder, `${this.settings.id}.log`);
  }

  get #saidPath(): string {
    return join(this.settings.folder, `${this.settings.id}.err`);
  }
}

/** Start, end, and the coming and going of the store. */
const healthy =
  /^sluice: (?:serving |admin on |the counter store, or |SIGTERM: draining|parent gone: draining)/;

const membersTrouble = /^sluice: cluster: /;

function newText(path: string, from: number): { readonly text: string; readonly offset: number } {
  const length = statSync(path).size - from;
  const bytes = Buffer.alloc(length);
  const file = openSync(path, 'r');
  const read = readSync(file, bytes, 0, length, from);
  closeSync(file);
  // A line that is still being written is left for the next call.
  const whole = bytes.subarray(0, read).lastIndexOf('\n') + 1;
  return { text: bytes.toString('utf8', 0, whole), offset: from + whole };
}

/** Whether every gateway says it counts exactly and knows at least so many; one that was killed may still be counted. */
export async function allCountExactly(
  gateways: readonly GatewayProcess[],
  gatewayCount: number,
): Promise<boolean> {
  const states = await statesOf(gateways);
  return states.every((one) => one?.state === 'ready' && one.gateways >= gatewayCount);
}

/** What each gateway says of itself; nothing when it can't be asked. */
export function statesOf(
  gateways: readonly GatewayProcess[],
): Promise<readonly ({ readonly state: string; readonly gateways: number } | undefined)[]> {
  return Promise.all(
    gateways.map(async ({ adminUrl }) => {
      const response = await fetch(`${adminUrl}/readyz?verbose`).catch(() => undefined);
      return (await response?.json()) as { state: string; gateways: number } | undefined;
    }),
  );
}
