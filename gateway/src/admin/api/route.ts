import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { AdminScope } from '../../config/config.ts';
import type { EditedHome } from './edited-home.ts';

export const basePath = '/api/am/admin/v4';

/** What hono is told about the socket. */
export interface Env {
  Bindings: HttpBindings;
}

/** What a route's handler is given. */
export interface Asked {
  readonly context: Context<Env>;
  readonly home: EditedHome;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base path. */
  readonly path: string;
  /** One of these, or `apim:admin`. */
  readonly scopes: readonly AdminScope[];
  /** Throws `ApiError`. */
  readonly answer: (asked: Asked) => Promise<Response>;
}
