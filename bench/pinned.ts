import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';

const canPin = spawnSync('taskset', ['--version']).status === 0;

/** Starts a script of ours with an IPC channel and `gc()`, on one core where the system has taskset. */
export function forkPinned(
  script: string,
  args: readonly string[],
  core: number,
  execPath: string = process.execPath,
): ChildProcess {
  const child = fork(script, args, {
    execPath,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
    execArgv: ['--expose-gc'],
  });
  pin(child.pid, core);
  return child;
}

/** Moves a process with all its threads to one core. */
export function pin(pid: number | undefined, core: number): void {
  if (canPin && pid !== undefined) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

/** Starts a program on one core where the system has taskset. What it says on stderr is shown. */
export function spawnPinned(command: string, args: readonly string[], core: number): ChildProcess {
  const words = canPin ? ['taskset', '-c', String(core), command, ...args] : [command, ...args];
  return spawn(words[0] ?? command, words.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] });
}

export async function startRedis(
  port: number,
  core: number,
  more: readonly string[] = [],
): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...more];
  // A replica writes what it is sent to a file first.
  const child = spawn('redis-server', args, { stdio: 'ignore', cwd: tmpdir() });
  pin(child.pid, core);
  await new Promise((resolve) => setTimeout(resolve, 500));
  return child;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Sends one order to a worker and waits for its answer. Rejects when the worker ends instead. */
export async function order<Answer>(child: ChildProcess, message: object): Promise<Answer> {
  const either = new AbortController();
  const { signal } = either;
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`a worker ended instead of answering ${JSON.stringify(message)}`);
  });
  const answered = once(child, 'message', { signal });
  child.send(message);
  try {
    const [answer] = (await Promise.race([answered, ended])) as [Answer];
    return answer;
  } finally {
    either.abort();
    await Promise.allSettled([answered, ended]);
  }
}
