import type { SharedStatus } from '../home/shared-status.ts';
import { text, type Page } from './page.ts';

/** How a gateway is. */
export interface GatewayStatus {
  /** The configuration is compiled and the clients' listener accepts. */
  readonly serving: boolean;
  /** It ends: running requests are answered, no new ones should come. */
  readonly draining: boolean;
  /** False while the store is away and limits are decided without it. */
  readonly storeUp: boolean;
  readonly apis: number;
  /** Gateways known to share the counters, this one included. */
  readonly gateways: number;
  /** Each one's state, first to last, where several threads serve. */
  readonly threads?: readonly ThreadState[];
  /** About the files it shares with others, where it does. */
  readonly shared?: SharedStatus | undefined;
}

/** `silent`: it doesn't answer; then it serves nobody either. */
export type ThreadState = 'starting' | 'ready' | 'degraded' | 'draining' | 'silent';

/**
 * `GET /readyz`: 200 while requests can be served, also while the store is away (`degraded`); 503 before that and while
 * draining. `?verbose` explains in JSON.
 */
export function readiness(status: GatewayStatus, query: URLSearchParams): Page {
  const { serving, draining, storeUp } = status;
  const ready = serving && !draining;
  const code = ready ? 200 : 503;
  const word = stateOf(status);
  if (!query.has('verbose')) return text(code, `${word}\n`);
  const { apis, gateways, threads, shared } = status;
  const store = storeUp ? 'up' : 'away';
  const explained = { state: word, serving, draining, store, apis, gateways, threads, shared };
  const body = `${JSON.stringify(explained, null, 2)}\n`;
  return { status: code, contentType: 'application/json', body };
}

/** In one word. */
export function stateOf(
  seen: Pick<GatewayStatus, 'serving' | 'draining' | 'storeUp'>,
): 'starting' | 'ready' | 'degraded' | 'draining' {
  if (seen.draining) return 'draining';
  if (!seen.serving) return 'starting';
  return seen.storeUp ? 'ready' : 'degraded';
}
