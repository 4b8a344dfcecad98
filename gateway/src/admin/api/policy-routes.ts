import { type Asked, basePath, type Route } from './route.ts';
import { jsonBody, json, requireAccepted } from './bodies.ts';
import { createPolicy, deletePolicy, findById, updatePolicy } from './policy-changes.ts';
import { type PolicyKind, policyKinds } from './policy-kinds.ts';
import { searchPolicies } from './policy-search.ts';
import { asAnswer, storedPolicies } from './stored-policies.ts';

const view = ['apim:tier_view'] as const;
const manage = ['apim:tier_manage'] as const;

const search: Route = {
  method: 'GET',
  path: '/throttling/policies/search',
  scopes: view,
  answer: async ({ context, home }) => {
    requireAccepted(context, 'application/json');
    const list = searchPolicies(await home.read(), context.req.query('query') ?? '');
    return json(200, { count: list.length, list });
  },
};

/** Throttling policies, of each kind the same. */
export const policyRoutes: readonly Route[] = [search, ...policyKinds.flatMap(routesOf)];

function routesOf(kind: PolicyKind): readonly Route[] {
  const all = `/throttling/policies/${kind.name}`;
  const one = `${all}/:id`;
  return [
    { method: 'GET', path: all, scopes: view, answer: (asked) => list(asked, kind) },
    { method: 'POST', path: all, scopes: manage, answer: (asked) => create(asked, kind) },
    { method: 'GET', path: one, scopes: view, answer: (asked) => show(asked, kind) },
    { method: 'PUT', path: one, scopes: manage, answer: (asked) => update(asked, kind) },
    { method: 'DELETE', path: one, scopes: manage, answer: (asked) => remove(asked, kind) },
  ];
}

async function list({ context, home }: Asked, kind: PolicyKind): Promise<Response> {
  requireAccepted(context, 'application/json');
  const policies = storedPolicies(await home.read()).filter((policy) => policy.kind === kind);
  return json(200, { count: policies.length, list: policies.map(asAnswer) });
}

async function create({ context, home }: Asked, kind: PolicyKind): Promise<Response> {
  requireAccepted(context, 'application/json');
  const body = await jsonBody(context);
  const { policy } = await home.change((files) => createPolicy(files, kind, body));
  return json(201, asAnswer(policy), {
    Location: `${basePath}/throttling/policies/${kind.name}/${policy.id}`,
  });
}

async function show({ context, home }: Asked, kind: PolicyKind): Promise<Response> {
  requireAccepted(context, 'application/json');
  return json(200, asAnswer(findById(await home.read(), kind, idIn({ context }))));
}

async function update({ context, home }: Asked, kind: PolicyKind): Promise<Response> {
  requireAccepted(context, 'application/json');
  const body = await jsonBody(context);
  const { policy } = await home.change((files) => updatePolicy(files, kind, idIn({ context }), body));
  return json(200, asAnswer(policy));
}

async function remove({ context, home }: Asked, kind: PolicyKind): Promise<Response> {
  await home.change((files) => deletePolicy(files, kind, idIn({ context })), { isRemoval: true });
  return new Response(null, { status: 200 });
}

function idIn({ context }: Pick<Asked, 'context'>): string {
  return context.req.param('id') ?? '';
}
