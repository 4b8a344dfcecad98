import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** One claim as Redis settled it, by Redis' own account. */
export interface Settled {
  readonly atMs: number;
  readonly key: string;
  readonly gateway: string;
  /** The window the claim named, and the one the ledger runs. */
  readonly claimed: string;
  readonly window: string;
  readonly held: number;
  readonly granted: number;
}

interface Claimed {
  readonly key: string;
  readonly gateway: string;
  readonly claimed: string;
  readonly held: number;
}

const againMs = 5;

/**
 * Listens to what Redis does (MONITOR): each script call with its claims, and what the script then wrote. So it sees every grant
 * without asking a gateway. Its own server connection; a restarted server needs a new one.
 */
export class Wiretap {
  settled: Settled[] = [];
  /** When it last heard FLUSHALL, in ms of the wall clock. */
  flushedAtMs: number | undefined;
  readonly #accounts = new Map<string, number>();
  #socket: Socket | undefined;
  #claims: readonly Claimed[] = [];

  /** With `again` it listens anew whenever its connection has ended, until it is closed. */
  async listen(port: number, { again = false }: { readonly again?: boolean } = {}): Promise<void> {
    this.close();
    const socket = connect(port, '127.0.0.1');
    // A killed server ends it; the next `listen` replaces it.
    socket.on('error', () => {});
    this.#socket = socket;
    // Plain lines: a client library may take the first of them for answers.
    const lines = createInterface({ input: socket });
    lines.on('error', () => {});
    socket.write('MONITOR\r\n');
    await new Promise<void>((resolve) => {
      lines.once('line', () => resolve());
      socket.on('close', () => {
        resolve();
        if (!again || this.#socket !== socket) return;
        setTimeout(() => this.#socket === socket && void this.listen(port, { again }), againMs);
      });
    });
    lines.on('line', (line) => {
      const [, time, words = ''] = /^\+([\d.]+) \[[^\]]*\] "(.*)"$/.exec(line) ?? [];
      if (time !== undefined) this.#heard(Number(time) * 1000, words.split('" "'));
    });
  }

  /** Forgets what it has heard, though not what gateways hold. */
  clear(): void {
    this.settled = [];
    this.flushedAtMs = undefined;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #heard(atMs: number, args: readonly string[]): void {
    const verb = args[0]?.toLowerCase();
    if (verb === 'flushall') this.flushedAtMs = atMs;
    else if (verb === 'eval' || verb === 'evalsha') this.#claims = claimsIn(args);
    else if (verb === 'hset' && args[2] === 'window') this.#wrote(atMs, args);
  }

  /** `HSET key window W used U h:<gateway> <account> s:<gateway> <seq>`, once for each claim that changed something. */
  #wrote(atMs: number, args: readonly string[]): void {
    const [, key = '', , window = '', , , field = '', account = ''] = args;
    const gateway = field.slice(2);
    const claim = this.#claims.find((one) => one.key === key && one.gateway === gateway);
    if (claim === undefined) return;
    const name = `${key} ${window} ${gateway}`;
    const held = claim.claimed === window ? claim.held : (this.#accounts.get(name) ?? 0);
    this.#accounts.set(name, Number(account));
    this.settled.push({ atMs, ...claim, window, granted: Number(account) - held });
  }
}

const argumentsPerLimit = 4;
const argumentsPerClaim = 7;

/** The claims in a call of settle.lua, as its header describes them; none in any other script's call. */
function claimsIn([, , keyCount = '0', ...rest]: readonly string[]): readonly Claimed[] {
  const keys = rest.slice(0, Number(keyCount));
  const argv = rest.slice(keys.length);
  if (argv[0] !== '') return [];
  const gatewaysAt = 2 + Number(argv[1]) * argumentsPerLimit;
  const gateways = argv.slice(gatewaysAt + 1, gatewaysAt + 1 + Number(argv[gatewaysAt]));
  const claimsAt = gatewaysAt + 1 + gateways.length;
  return keys.map((key, index) => {
    const claim = argv.slice(claimsAt + index * argumentsPerClaim);
    const gateway = gateways[Number(claim[1]) - 1] ?? '';
    return { key, gateway, claimed: claim[3] ?? '', held: Number(claim[4]) };
  });
}

/** What I2 allows beyond the limit after a loss of data, and how long it lasted. */
export interface LossBound {
  /** Units granted between the loss and the moment the last live gateway had restated what it held. */
  readonly granted: number;
  readonly restatedAfterMs: number;
}

/**
 * The bound for one counter, from the grants before and after a loss. A gateway has restated with its first claim that names the
 * window it held units in; one that held none has nothing to state. Without a restatement the bound runs to the window's end.
 */
export function lossBound(
  settled: readonly Settled[],
  loss: { readonly atMs: number; readonly windowMs: number },
): LossBound {
  const before = settled.filter(({ atMs }) => atMs < loss.atMs);
  const after = settled.filter(({ atMs }) => atMs >= loss.atMs);
  const window = before.at(-1)?.window;
  const windowEndMs = Number(window) + loss.windowMs;
  if (window === undefined || windowEndMs <= loss.atMs) return { granted: 0, restatedAfterMs: 0 };
  const last = new Map(before.filter((one) => one.window === window).map((one) => [one.gateway, one]));
  const holders = [...last.values()].filter(({ held, granted }) => held + granted > 0);
  const restatedAtMs = holders.map(({ gateway }) => {
    const restated = after.find((one) => one.gateway === gateway && one.claimed === window);
    return Math.min(restated?.atMs ?? windowEndMs, windowEndMs);
  });
  const untilMs = Math.max(loss.atMs, ...restatedAtMs);
  const granted = after.filter(({ atMs }) => atMs <= untilMs).reduce((sum, one) => sum + one.granted, 0);
  return { granted, restatedAfterMs: untilMs - loss.atMs };
}
