import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

/** One host of a test network: a network namespace with an address for clients and one for the other hosts. */
export interface TestHost {
  readonly clientAddress: string;
  readonly memberAddress: string;
}

/**
 * Several hosts on this machine. Each has a link for clients, which this process reaches too, and one to the other hosts, which can
 * be cut. Needs root and `ip`; whoever makes it removes it.
 */
export class TestNetwork {
  readonly hosts: readonly TestHost[];
  readonly #name: string;
  readonly #children: ChildProcess[] = [];

  private constructor(name: string, hosts: readonly TestHost[]) {
    this.#name = name;
    this.hosts = hosts;
  }

  /** Whether this machine allows it. */
  static get isPossible(): boolean {
    const name = `sl-${randomBytes(3).toString('hex')}`;
    const made = spawnSync('ip', ['netns', 'add', name]).status === 0;
    if (made) ip('netns', 'del', name);
    return made;
  }

  static create(count: number): TestNetwork {
    const name = `s${randomBytes(3).toString('hex')}`;
    const net = 1 + (randomBytes(1).readUInt8() % 250);
    for (const link of ['c', 'm', 'x']) {
      ip('link', 'add', `${name}${link}`, 'type', 'bridge');
      ip('link', 'set', `${name}${link}`, 'up');
    }
    ip('addr', 'add', `10.201.${net}.254/24`, 'dev', `${name}c`);
    const hosts = Array.from({ length: count }, (_, index) => {
      const host = {
        clientAddress: `10.201.${net}.${index + 1}`,
        memberAddress: `10.202.${net}.${index + 1}`,
      };
      const space = `${name}-${index}`;
      ip('netns', 'add', space);
      ip('-n', space, 'link', 'set', 'lo', 'up');
      for (const [link, address] of [
        ['c', host.clientAddress],
        ['m', host.memberAddress],
      ] as const) {
        const outside = `${name}${link}${index}`;
        ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', `e${link}`, 'netns', space);
        ip('link', 'set', outside, 'master', `${name}${link}`, 'up');
        ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', `e${link}`);
        ip('-n', space, 'link', 'set', `e${link}`, 'up');
      }
      return host;
    });
    return new TestNetwork(name, hosts);
  }

  /** The address at which hosts reach this process. */
  get ownAddress(): string {
    return this.hosts[0]!.clientAddress.replace(/\d+$/, '254');
  }

  /** Starts a program on a host. */
  run(
    host: number,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): ChildProcess {
    const inside = ['netns', 'exec', `${this.#name}-${host}`, command, ...args];
    const child = spawn('ip', inside, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#children.push(child);
    return child;
  }

  /** Nothing gets from or to the other hosts any more; connections stay open and silent. */
  cut(host: number): void {
    ip('link', 'set', `${this.#name}m${host}`, 'master', `${this.#name}x`);
  }

  heal(host: number): void {
    ip('link', 'set', `${this.#name}m${host}`, 'master', `${this.#name}m`);
  }

  /** Nothing that one host sends to another gets there: it goes to a machine that doesn't exist. The other way is open. */
  mute(from: number, to: number): void {
    const { memberAddress } = this.hosts[to]!;
    const nobody = ['lladdr', '02:00:00:00:00:01', 'nud', 'permanent'];
    ip('-n', `${this.#name}-${from}`, 'neigh', 'replace', memberAddress, 'dev', 'em', ...nobody);
  }

  unmute(from: number, to: number): void {
    ip('-n', `${this.#name}-${from}`, 'neigh', 'del', this.hosts[to]!.memberAddress, 'dev', 'em');
  }

  async remove(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
    for (const index of this.hosts.keys()) ip('netns', 'del', `${this.#name}-${index}`);
    for (const link of ['c', 'm', 'x']) ip('link', 'del', `${this.#name}${link}`);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args);
}
