import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { percentile } from '../support/load.ts';
import { GatewayProcess } from './gateway-process.ts';

/** How good traffic fared. */
export interface Fared {
  readonly sent: number;
  /** By status; 0 for connections that broke. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A third of them sends a head slowly, a third a body, a third takes a large answer slowly. */
const kinds = ['head', 'body', 'answer'] as const;
/** Each of them moves a byte (an answer: a kilobyte) so often. */
const everyMs = 1000;
const turns = 20;

const head = 'POST /orders/1.0.0/slow HTTP/1.1\r\nHost: gateway.example\r\nX-Slow: ';
const bodyHead =
  'POST /orders/1.0.0/slow HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: 1000000\r\n\r\n';
const answerHead = 'GET /orders/1.0.0/large HTTP/1.1\r\nHost: gateway.example\r\n\r\n';

const openingMs = 4000;

/** Connections that are slow for as long as they are held; one that the gateway ends is opened again. */
export class SlowClients {
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #held = true;
  /** Connections that were opened, the first ones and those in the place of others. */
  opened = 0;

  constructor(port: number, count: number) {
    this.#port = port;
    for (let at = 0; at < count; at += 1) this.#open(kinds[at % kinds.length]!);
    let turn = 0;
    this.#timer = setInterval(() => {
      turn += 1;
      for (const [at, socket] of [...this.#sockets].entries()) {
        if (at % turns !== turn % turns) continue;
        if (socket.isPaused()) socket.read(1024);
        else socket.write('x');
      }
    }, everyMs / turns);
  }

  release(): void {
    this.#held = false;
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(kind: (typeof kinds)[number]): void {
    this.opened += 1;
    const socket = connect(this.#port, '127.0.0.1');
    this.#sockets.add(socket);
    socket.write({ head, body: bodyHead, answer: answerHead }[kind]);
    if (kind === 'answer') socket.pause();
    else socket.resume();
    socket
      .on('error', () => {})
      .on('close', () => {
        this.#sockets.delete(socket);
        if (this.#held) setTimeout(() => this.#held && this.#open(kind), everyMs);
      });
  }
}

/** Offers good requests at a fixed rate, answered or not; each is timed from when it was due. */
export async function offer(port: number, perSecond: number, forMs: number): Promise<Fared> {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const statuses: Record<number, number> = {};
  const waitsMs: number[] = [];
  const beganMs = performance.now();
  const running: Promise<void>[] = [];
  const total = Math.round((perSecond * forMs) / 1000);
  await new Promise<void>((sent) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - beganMs) * perSecond) / 1000));
      while (running.length < due) {
        const dueMs = beganMs + (running.length * 1000) / perSecond;
        running.push(
          ask(port, agent).then((status) => {
            statuses[status] = (statuses[status] ?? 0) + 1;
            waitsMs.push(performance.now() - dueMs);
          }),
        );
      }
      if (due < total) return;
      clearInterval(timer);
      sent();
    }, 2);
  });
  await Promise.all(running);
  agent.destroy();
  return { sent: total, statuses, p50Ms: percentile(waitsMs, 0.5), p99Ms: percentile(waitsMs, 0.99) };
}

async function ask(port: number, agent: Agent): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  request({ port, host: '127.0.0.1', path: '/orders/1.0.0/good', agent }, (response) => {
    response.resume().on('end', () => {
      resolve(response.statusCode ?? 0);
    });
    response.on('error', () => {
      resolve(0);
    });
  })
    .on('error', () => {
      resolve(0);
    })
    .end();
  return promise;
}

export interface SlowRun {
  readonly connections: number;
  readonly perSecond: number;
  readonly rounds: number;
  readonly roundMs: number;
}

/** Rounds of good traffic alone and beside slow connections, in turn. */
export async function besideSlowClients(
  run: SlowRun,
): Promise<{ alone: Fared[]; beside: Fared[]; opened: number }> {
  const gateway = await GatewayProcess.start(10_000);
  const alone: Fared[] = [];
  const beside: Fared[] = [];
  let opened = 0;
  try {
    await offer(gateway.port, run.perSecond, run.roundMs);
    for (let round = 0; round < run.rounds; round += 1) {
      alone.push(await offer(gateway.port, run.perSecond, run.roundMs));
      const slow = new SlowClients(gateway.port, run.connections);
      // Opening them is a load of its own.
      await new Promise((opened) => setTimeout(opened, openingMs));
      beside.push(await offer(gateway.port, run.perSecond, run.roundMs));
      opened += slow.opened;
      slow.release();
      await new Promise((closed) => setTimeout(closed, 1000));
      await gateway.report();
    }
  } catch (error) {
    throw new Error(gateway.kill(), { cause: error });
  }
  await gateway.close();
  return { alone, beside, opened };
}
