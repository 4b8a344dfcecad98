import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const canPin = spawnSync('taskset', ['--version']).status === 0;

/** Starts a script of ours with an IPC channel, on one core where the system has taskset. */
export function forkPinned(script: string, args: readonly string[], core: number): ChildProcess {
  const child = fork(script, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  pin(child.pid, core);
  return child;
}

/** Moves a process with all its threads to one core. */
export function pin(pid: number | undefined, core: number): void {
  if (canPin && pid !== undefined) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

export async function startRedis(port: number, core: number): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
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

/** Sends one order to a worker and waits for its answer. */
export async function order<Answer>(child: ChildProcess, message: object): Promise<Answer> {
  const answered = once(child, 'message');
  child.send(message);
  const [answer] = (await answered) as [Answer];
  return answer;
}
