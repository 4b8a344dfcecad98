import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector } from 'ioredis';
import type { Clock } from '../../limits/clock.ts';
import { connectRedis, type Endpoint, type RedisWithScripts, tlsOptions } from './connect.ts';
import { isSameServer, type SentinelAddress, SentinelWatch } from './sentinel-watch.ts';

/** The connections to a primary that sentinels watch over, and the watch itself. */
export interface SentinelConnections {
  readonly main: RedisWithScripts;
  readonly lanes: readonly RedisWithScripts[];
  /** Ends the watch; whoever uses the connections ends those. */
  readonly close: () => void;
}

const askAgainMs = 100;
const farewellMsMax = 20;

/**
 * Opens connections that follow the primary, one and as many lanes as are asked for: each asks the sentinels anew when it connects, is ready only on a server that
 * says it is the primary, and breaks off as soon as the sentinels name another one.
 */
export function connectSentinel(address: SentinelAddress, clock: Clock, lanes = 0): SentinelConnections {
  const followers = new Set<Follower>();
  const watch = new SentinelWatch(address, clock, (primary) => {
    for (const follower of followers) follower.leaveUnless(primary);
  });
  const toPrimary = class extends AbstractConnector implements Follower {
    #at: Endpoint | undefined;

    constructor() {
      super(farewellMsMax);
      followers.add(this);
    }

    override async connect(emit: (type: string, error: Error) => void): Promise<Socket> {
      this.connecting = true;
      for (;;) {
        const primary = await watch.ask();
        if (!this.connecting) throw new Error('Connection is closed.');
        if (primary !== undefined) return this.#open(primary);
        emit('error', new Error(`no primary known: ${watch.lastError}`));
        await new Promise<void>((resolve) => {
          clock.after(askAgainMs, resolve);
        });
      }
    }

    /** Whether the server that a connection has reached is the primary, by its own word and by the sentinels'. */
    override check(info: { readonly role?: string }): boolean {
      const isNamed = this.#at !== undefined && isSameServer(this.#at, watch.primary);
      return isNamed && (info.role === undefined || info.role === 'master');
    }

    leaveUnless(primary: Endpoint): void {
      if (this.#at !== undefined && !isSameServer(this.#at, primary)) this.stream.destroy();
    }

    #open({ host, port }: Endpoint): Socket {
      this.#at = { host, port };
      const { tls } = address;
      const stream =
        tls === false ? connectTcp({ host, port }) : connectTls({ host, port, ...tlsOptions(tls, host) });
      stream.once('error', (error: Error) => {
        this.firstError = error;
      });
      this.stream = stream;
      return stream;
    }
  };
  const open = (): RedisWithScripts =>
    connectRedis({ ...address, host: 'the primary', port: 0 }, { Connector: toPrimary });
  return { main: open(), lanes: Array.from({ length: lanes }, open), close: () => watch.close() };
}

interface Follower {
  leaveUnless(primary: Endpoint): void;
}
