import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a `sluice` process that was started with an IPC channel says once it listens. */
export interface Listening {
  readonly listening:
    | { readonly port: number; readonly httpsPort?: number | undefined; readonly adminPort: number }
    | { readonly socketPath: string };
}

const command = fileURLToPath(new URL('../../../bin/sluice.mjs', import.meta.url));

/** Another process of this command. It ends when its parent does, since its IPC channel closes then. */
export class Child {
  readonly listening: Listening['listening'];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(process: ChildProcess, listening: Listening['listening'], ended: Promise<unknown>) {
    this.#process = process;
    this.listening = listening;
    this.#ended = ended;
  }

  /** Starts `sluice <args>` and waits until it listens. Rejects with what it wrote to stderr when it ends before. */
  static async start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Child> {
    const child = fork(command, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-10_000);
    });
    const ended = once(child, 'exit');
    const first = await Promise.race([once(child, 'message'), ended.then(() => undefined)]);
    if (first === undefined) throw new Error(`sluice ${args.join(' ')} ended:\n${said}`);
    const [{ listening }] = first as [Listening];
    return new Child(child, listening, ended);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Sends SIGTERM and waits for the end; gives the exit code. */
  async stop(): Promise<number | null> {
    this.#process.kill('SIGTERM');
    await this.#ended;
    return this.#process.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  get ended(): Promise<unknown> {
    return this.#ended;
  }
}
