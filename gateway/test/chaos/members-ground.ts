import { memberAddresses, portOf } from '../support/members.ts';
import type { Random } from '../support/random.ts';
import { FaultProxy, type Disturbance } from './fault-proxy.ts';
import type { GatewaySettings } from './gateway-process.ts';
import type { Ground } from './ground.ts';
import { gatewayCount } from './limits.ts';
import type { LossBound } from './wiretap.ts';

/** The way from one gateway to another, for connections that the first one dials. */
interface Link {
  readonly from: number;
  readonly to: number;
  readonly proxy: FaultProxy;
}

/** Gateways that count by themselves. Whatever one of them dials to another goes through a proxy of that pair's own. */
export class MembersGround implements Ground {
  readonly deployment: string;
  readonly #links: readonly Link[];
  readonly #addresses: readonly string[];

  private constructor(addresses: readonly string[], links: readonly Link[]) {
    this.#addresses = addresses;
    this.#links = links;
    this.deployment = `
[clustering]
enable = true
local_member_host = "127.0.0.1"
local_member_port = "$env{SLUICE_CHAOS_MEMBER_PORT}"
members = ${JSON.stringify(addresses)}
secret = "of the chaos run"
`;
  }

  static async open(random: Random): Promise<MembersGround> {
    const addresses = await memberAddresses(gatewayCount);
    const links: Link[] = [];
    for (const from of addresses.keys()) {
      for (const [to, address] of addresses.entries()) {
        if (to === from) continue;
        links.push({ from, to, proxy: await FaultProxy.start(portOf(address), random) });
      }
    }
    return new MembersGround(addresses, links);
  }

  startWith(gateway: number): Pick<GatewaySettings, 'preloads' | 'environment'> {
    const detours = this.#links
      .filter(({ from }) => from === gateway)
      .map(({ to, proxy }) => [portOf(this.#addresses[to]!), proxy.port]);
    return {
      preloads: [new URL('./detour-members.ts', import.meta.url).href],
      environment: {
        SLUICE_CHAOS_MEMBER_PORT: String(portOf(this.#addresses[gateway]!)),
        SLUICE_CHAOS_DETOURS: JSON.stringify(Object.fromEntries(detours)),
      },
    };
  }

  /** Where members listen. */
  get ports(): readonly number[] {
    return this.#addresses.map(portOf);
  }

  /** All links, or those of one gateway. */
  proxies(of?: number): readonly FaultProxy[] {
    return this.#links
      .filter(({ from, to }) => of === undefined || from === of || to === of)
      .map(({ proxy }) => proxy);
  }

  /** Times that something was done to what members said. */
  get disturbed(): number {
    return this.#links.reduce((sum, { proxy }) => sum + proxy.disturbed, 0);
  }

  disturb(disturbance: Disturbance, of?: number): void {
    for (const proxy of this.proxies(of)) proxy.disturb(disturbance);
  }

  /** What one gateway says to another vanishes, whoever has dialled; the other way is open. */
  muteOneWay(by: number, to: number): void {
    for (const link of this.#links) {
      if (link.from === by && link.to === to) link.proxy.disturb({ kind: 'swallow', only: 'to-server' });
      if (link.from === to && link.to === by) link.proxy.disturb({ kind: 'swallow', only: 'to-client' });
    }
  }

  clear(): void {}

  lossOf(): LossBound {
    return { granted: 0, restatedAfterMs: 0 };
  }

  calm(): void {
    this.disturb({ kind: 'none' });
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies().map((proxy) => proxy.close()));
  }
}
