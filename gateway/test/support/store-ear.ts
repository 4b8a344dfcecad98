import type { StoreEvents } from '../../src/limits/counter-store.ts';

/** Remembers what a store told by itself. */
export class StoreEar implements StoreEvents {
  losses = 0;
  gateways = 0;

  lossSuspected(): void {
    this.losses += 1;
  }

  gatewaysCounted(gateways: number): void {
    this.gateways = gateways;
  }
}
