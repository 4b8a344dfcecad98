import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { AdminToken } from '../../config/config.ts';
import type { ChangeableHome } from '../../home/home-edit.ts';
import { ApiError } from './api-error.ts';
import { type Authority, requireScope } from './authority.ts';
import { denyRoutes } from './deny-routes.ts';
import { EditedHome } from './edited-home.ts';
import { policyRoutes } from './policy-routes.ts';
import { basePath, type Env } from './route.ts';
import { transferRoutes } from './transfer-routes.ts';

export interface AdminApiParts {
  readonly home: ChangeableHome;
  readonly authority: Authority;
  /** Hears, in words for people, of what was changed, and with which token. */
  readonly changed: (line: string) => void;
  /** Is told what should not have happened; the client sees a 500. */
  readonly reportBug: (error: unknown) => void;
}

/** Of a path so much is told. */
const pathCharactersMax = 200;

/**
 * WSO2's admin REST API, as far as it is about limits: throttling policies and deny policies (wso2.md 4.2). Every change is one of
 * the home's files, and is answered when the gateway goes by it.
 */
export function adminApi(parts: AdminApiParts): (request: IncomingMessage, response: ServerResponse) => void {
  const { authority } = parts;
  const home = new EditedHome(parts.home);
  const app = new Hono<Env>();
  const tokenOf = (context: Context<Env>): AdminToken => {
    const { remoteAddress = '' } = context.env.incoming.socket;
    return authority.identify(context.req.header('authorization'), remoteAddress);
  };
  const routes = [...policyRoutes, ...transferRoutes, ...denyRoutes];
  for (const { method, path, scopes, answer } of routes) {
    app.on(method, `${basePath}${path}`, async (context) => {
      const token = tokenOf(context);
      requireScope(token, scopes);
      const response = await answer({ context, home });
      if (method !== 'GET') {
        const what = context.req.path.slice(basePath.length, pathCharactersMax);
        parts.changed(`admin API: ${token.name}: ${method} ${what}: ${response.status}`);
      }
      return response;
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
    app.all(`${basePath}${path}`, (context) => {
      tokenOf(context);
      const allowed = methods.join(', ');
      throw new ApiError(405, `Only ${allowed}.`, { fields: { Allow: allowed } });
    });
  }
  app.notFound((context) => {
    try {
      tokenOf(context);
      return refusal(new ApiError(404, `Nothing is here; the API begins at ${basePath}/throttling.`));
    } catch (error) {
      return failure(error, parts.reportBug);
    }
  });
  app.onError((error) => failure(error, parts.reportBug));
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (request, response) => void listener(request, response);
}

function failure(error: unknown, reportBug: (error: unknown) => void): Response {
  if (error instanceof ApiError) return refusal(error);
  reportBug(error);
  return refusal(new ApiError(500, 'The gateway failed to answer.'));
}

function refusal(error: ApiError): Response {
  const close = error.status === 413 ? { Connection: 'close' } : {};
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    ...close,
    ...error.fields,
  };
  return new Response(error.body(), { status: error.status, headers });
}
