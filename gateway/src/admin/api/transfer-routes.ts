import type { Context } from 'hono';
import { parseExports } from '../../config/exports.ts';
import type { Diagnostic } from '../../config/diagnostic.ts';
import { type Asked, basePath, type Route } from './route.ts';
import { ApiError } from './api-error.ts';
import { asText, bodyBytes, json, mediaTypeOf, requireAccepted } from './bodies.ts';
import { asPayload, fileText, type Payload } from './payload.ts';
import { importPolicy } from './policy-changes.ts';
import { policyKinds } from './policy-kinds.ts';
import { exportedPolicy } from './policy-search.ts';
import { asEnvelope } from './stored-policies.ts';

const scopes = ['apim:policies_import_export'] as const;

/** Policies as files, in the form of apictl. */
export const transferRoutes: readonly Route[] = [
  { method: 'GET', path: '/throttling/policies/export', scopes, answer: exportOne },
  { method: 'POST', path: '/throttling/policies/import', scopes, answer: importOne },
];

async function exportOne({ context, home }: Asked): Promise<Response> {
  const { policyId, name, type, format = 'JSON' } = context.req.query();
  const isYaml = format.toUpperCase() === 'YAML';
  if (!isYaml && format.toUpperCase() !== 'JSON') throw new ApiError(400, 'format: expected YAML or JSON');
  const mediaType = isYaml ? 'application/yaml' : 'application/json';
  requireAccepted(context, mediaType);
  const asked = {
    ...(policyId !== undefined && { policyId }),
    ...(name !== undefined && { name }),
    ...(type !== undefined && { type }),
  };
  const envelope = asEnvelope(exportedPolicy(await home.read(), asked));
  if (!isYaml) return json(200, envelope);
  const headers = { 'Content-Type': mediaType, 'Cache-Control': 'no-store' };
  return new Response(fileText('exported.yaml', envelope), { headers });
}

async function importOne({ context, home }: Asked): Promise<Response> {
  requireAccepted(context, 'application/json');
  const overwrite = context.req.query('overwrite') === 'true';
  const envelope = await uploaded(context);
  const kind = policyKinds.find(({ subtype }) => subtype === envelope['subtype']);
  if (envelope['type'] !== 'throttling policy' || kind === undefined) {
    const subtypes = policyKinds.map(({ subtype }) => subtype).join(', ');
    throw new ApiError(400, `expected type: throttling policy and as subtype one of ${subtypes}`);
  }
  const body = asPayload(envelope['data'], 'data');
  const { policy, isNew } = await home.change((files) => importPolicy(files, kind, { body, overwrite }));
  const done = isNew ? 'imported' : 'updated';
  const message = `Successfully ${done} ${kind.prefix} Throttling Policy : ${policy.name}`;
  const location = { Location: `${basePath}/throttling/policies/${kind.name}/${policy.id}` };
  return json(isNew ? 201 : 200, { message }, isNew ? location : {});
}

/** The file in the field `file` of a form, or the body itself, in YAML or JSON. Throws `ApiError`: 400, 413, 415. */
async function uploaded(context: Context): Promise<Payload> {
  const mediaType = mediaTypeOf(context);
  const bytes = await bodyBytes(context);
  if (mediaType === 'multipart/form-data') return parsed(asText(await fileIn(context, bytes)));
  if (/^application\/(?:json|(?:x-)?yaml)$/.test(mediaType)) return parsed(asText(bytes));
  throw new ApiError(
    415,
    'This takes multipart/form-data with a field "file", application/json or application/yaml.',
  );
}

async function fileIn(context: Context, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const headers = { 'Content-Type': context.req.header('content-type') ?? '' };
  const form = await new Response(bytes, { headers }).formData().catch(() => {
    throw new ApiError(400, 'The body is not the form that its type says.');
  });
  const file = form.get('file');
  if (file === null || typeof file === 'string')
    throw new ApiError(400, 'The form has no file in the field "file".');
  return new Uint8Array(await file.arrayBuffer());
}

/** One policy, in any of the wrappings in which WSO2 hands them out. */
function parsed(text: string): Payload {
  const findings: Diagnostic[] = [];
  const [first, ...others] = parseExports({ path: 'file', text }, (finding) => findings.push(finding));
  if (first?.source === undefined)
    throw new ApiError(400, 'The file is neither YAML nor JSON.', { findings });
  if (others.length > 0) throw new ApiError(400, 'The file holds more than one policy.');
  return asPayload(first.source.value, 'The file');
}
