import type { ChaosLimit } from './limits.ts';
import type { GatewaySettings } from './gateway-process.ts';
import type { LossBound } from './wiretap.ts';

/** What the gateways of a chaos run count in, and how it is disturbed. Whoever opens it closes it. */
export interface Ground {
  /** The part of deployment.toml that says where counters are. */
  readonly deployment: string;
  /** What each gateway is started with besides. */
  startWith(gateway: number): Pick<GatewaySettings, 'storeUrl' | 'preloads' | 'environment'>;
  /** A trial begins: what was heard before doesn't matter. */
  clear(): void;
  /** What I2 allows for a limit, when a fault that began then has lost data. */
  lossOf(limit: ChaosLimit, beganAtMs: number): LossBound;
  /** Ends every disturbance, so that gateways can end in order. */
  calm(): void;
  close(): Promise<void>;
}
