import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PlaneReport } from './plane-process.ts';

const answersWithinMs = 10_000;

/** A data plane in another process; any word on its standard error, and any exit that wasn't asked for, is a failure. */
export class GatewayProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #complaints: string[];

  static async start(patienceMs: number): Promise<GatewayProcess> {
    const path = fileURLToPath(new URL('plane-process.ts', import.meta.url));
    const child = fork(path, [String(patienceMs)], {
      execArgv: ['--expose-gc', '--unhandled-rejections=strict'],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    const complaints: string[] = [];
    child.stderr?.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
    const { port } = await answerOf(child, complaints);
    return new GatewayProcess(child, port, complaints);
  }

  private constructor(child: ChildProcess, port: number, complaints: string[]) {
    this.#child = child;
    this.port = port;
    this.#complaints = complaints;
  }

  /** Fails when the process is gone, has complained, or stands still. */
  async report(): Promise<PlaneReport> {
    const answer = answerOf(this.#child, this.#complaints);
    if (this.#child.connected) this.#child.send('report');
    const report = await answer;
    if (this.#complaints.length > 0) throw new Error(`the gateway wrote: ${this.#complaints.join('')}`);
    return report;
  }

  /** Fails when bugs were reported, or when the process doesn't end. One that is gone already has been told by `report`. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || !this.#child.connected) return;
    const exit = once(this.#child, 'exit');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), answersWithinMs);
    this.#child.send('close');
    const [code, signal] = (await exit) as [number | null, string | null];
    clearTimeout(late);
    if (code !== 0)
      throw new Error(`the gateway exited with ${code ?? signal}: ${this.#complaints.join('')}`);
  }

  /** After a failure: the process may be in any state, which is told. */
  kill(): string {
    const { exitCode, signalCode } = this.#child;
    this.#child.kill('SIGKILL');
    const state = exitCode === null && signalCode === null ? 'ran' : `exited with ${exitCode ?? signalCode}`;
    return [`the gateway ${state}`, ...this.#complaints].join(': ');
  }
}

async function answerOf(child: ChildProcess, complaints: readonly string[]): Promise<PlaneReport> {
  const { promise, resolve, reject } = Promise.withResolvers<PlaneReport>();
  const gone = (code: number | null): void => {
    reject(new Error(`the gateway exited with ${code}: ${complaints.join('')}`));
  };
  const heard = (message: unknown): void => {
    resolve(message as PlaneReport);
  };
  const late = setTimeout(() => {
    reject(new Error(`the gateway gave no answer within ${answersWithinMs} ms`));
  }, answersWithinMs);
  child.once('exit', gone).once('message', heard);
  if (child.exitCode !== null) gone(child.exitCode);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    child.off('exit', gone).off('message', heard);
  }
}
