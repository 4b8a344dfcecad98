import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of the chaos run that answers each message with one; it ends when this process does. */
export class AnsweringProcess<Order, Answer> {
  readonly #process: ChildProcess;
  readonly #ended: Promise<undefined>;
  #heard: (answer: Answer) => void = () => {};

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#ended = once(process, 'exit').then(() => undefined);
    process.on('message', (answer) => this.#heard(answer as Answer));
  }

  static start<Order, Answer>(file: URL): AnsweringProcess<Order, Answer> {
    return new AnsweringProcess(
      fork(fileURLToPath(file), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
  }

  /** One question at a time. */
  async ask(order: Order): Promise<Answer> {
    const heard = new Promise<{ readonly answer: Answer }>((resolve) => {
      this.#heard = (answer) => resolve({ answer });
    });
    this.#process.send(order as object);
    const first = await Promise.race([heard, this.#ended]);
    if (first === undefined) throw new Error('a process of the chaos run ended');
    return first.answer;
  }

  async stop(): Promise<void> {
    this.#process.kill();
    await this.#ended;
  }
}
