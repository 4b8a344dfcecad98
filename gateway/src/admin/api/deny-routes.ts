import { type Asked, basePath, type Route } from './route.ts';
import { json, jsonBody, requireAccepted } from './bodies.ts';
import {
  asDenyAnswer,
  createDenyPolicy,
  deleteDenyPolicy,
  findDenyPolicy,
  queriedDenyPolicies,
  updateDenyPolicy,
} from './deny-policies.ts';

const all = '/throttling/deny-policies';
/** In the singular, as WSO2 has it. */
const one = '/throttling/deny-policy/:id';
const view = ['apim:bl_view'] as const;
const manage = ['apim:bl_manage'] as const;

/** Deny policies: who is refused whatever the limits say. */
export const denyRoutes: readonly Route[] = [
  { method: 'GET', path: all, scopes: view, answer: list },
  { method: 'POST', path: all, scopes: manage, answer: create },
  { method: 'GET', path: one, scopes: view, answer: show },
  { method: 'PATCH', path: one, scopes: manage, answer: update },
  { method: 'DELETE', path: one, scopes: manage, answer: remove },
];

async function list({ context, home }: Asked): Promise<Response> {
  requireAccepted(context, 'application/json');
  const found = queriedDenyPolicies(await home.read(), queryIn(context.req.url));
  return json(200, { count: found.length, list: found.map(asDenyAnswer) });
}

/** Clients write the `&` between the parts of the query both with and without its escape. */
function queryIn(url: string): string {
  const { searchParams } = new URL(url);
  const [first, ...others] = [...searchParams].filter(([key]) => key === 'query' || key.includes(':'));
  return [...(first === undefined ? [] : [first[1]]), ...others.map(([key]) => key)].join('&');
}

async function create({ context, home }: Asked): Promise<Response> {
  requireAccepted(context, 'application/json');
  const body = await jsonBody(context);
  const { answer } = await home.change((files) => createDenyPolicy(files, body));
  const location = `${basePath}/throttling/deny-policy/${String(answer['conditionId'])}`;
  return json(201, answer, { Location: location });
}

async function show({ context, home }: Asked): Promise<Response> {
  requireAccepted(context, 'application/json');
  return json(200, asDenyAnswer(findDenyPolicy(await home.read(), context.req.param('id') ?? '')));
}

async function update({ context, home }: Asked): Promise<Response> {
  requireAccepted(context, 'application/json');
  const body = await jsonBody(context);
  const id = context.req.param('id') ?? '';
  const { answer } = await home.change((files) => updateDenyPolicy(files, id, body));
  return json(200, answer);
}

async function remove({ context, home }: Asked): Promise<Response> {
  const id = context.req.param('id') ?? '';
  await home.change((files) => deleteDenyPolicy(files, id));
  return new Response(null, { status: 200 });
}
