import type { ResponseSettings } from '../config/config.ts';
import type { Answer } from './exchange.ts';
import type { Fields } from '../wire/fields.ts';
import type { Refusal } from './refusal.ts';
import { writeRefusal, type RefusalForm, type RefusalText } from './refusal-text.ts';

/** Writes a refusal as the client is to see it (contract.md 4): in WSO2's words, as JSON of strings or in another form. */
export function refusalAnswer(
  refusal: Refusal,
  when: { readonly nowWallMs: number; readonly retryAfter: ResponseSettings['retryAfter'] },
  form: RefusalForm = 'json',
): Answer {
  const { cause, retryAfterMs, allow, challenge, closes = false } = refusal;
  const { body, contentType } = writeRefusal(refusalText(refusal, when.nowWallMs), form);
  const fields = ['Content-Type', contentType, 'Content-Length', String(Buffer.byteLength(body))];
  if (cause.status === 429 || cause.status === 503) {
    fields.push('Retry-After', retryAfter(retryAfterMs ?? 1000, when));
  }
  if (cause.status === 401 || (cause.status === 403 && challenge !== undefined)) {
    fields.push('WWW-Authenticate', challenge ?? 'ApiKey realm="sluice"');
  }
  // RFC 9110, section 15.5.22.
  if (cause.status === 426) fields.push('Upgrade', 'websocket', 'Connection', 'Upgrade');
  if (allow !== undefined) fields.push('Allow', allow);
  return { status: cause.status, fields, body, closes };
}

/** Answers a question about a resource's methods. */
export function methodsAnswer(methods: string): Answer {
  return { status: 204, fields: ['Allow', methods], body: '', closes: false };
}

/** The same answer with more fields. */
export function withFields(answer: Answer, fields: Fields): Answer {
  return { ...answer, fields: [...answer.fields, ...fields] };
}

function refusalText({ cause, accessInMs }: Refusal, nowWallMs: number): RefusalText {
  const { code, message, description } = cause;
  if (message === undefined) return { code, type: 'Status report', message: 'Runtime Error', description };
  if (accessInMs === undefined) return { code, message, description };
  const nextAccessTime = wso2Time(nextSecond(nowWallMs + accessInMs));
  return {
    code,
    message,
    description: `${description} .You can access API after ${nextAccessTime}`,
    nextAccessTime,
  };
}

/** Whole seconds, rounded up, at least 1; or the moment itself, as WSO2 sends it. */
function retryAfter(
  waitMs: number,
  when: { readonly nowWallMs: number; readonly retryAfter: ResponseSettings['retryAfter'] },
): string {
  const wholeMs = Math.max(1, Math.ceil(waitMs / 1000)) * 1000;
  return when.retryAfter === 'seconds'
    ? String(wholeMs / 1000)
    : nextSecond(when.nowWallMs + Math.max(waitMs, 1)).toUTCString();
}

/** The first whole second that isn't before a moment: rounded down, it would invite clients too early. */
function nextSecond(wallMs: number): Date {
  return new Date(Math.ceil(wallMs / 1000) * 1000);
}

/** `yyyy-MMM-dd HH:mm:ssZ` and ` UTC` (wso2.md 3.2). */
function wso2Time(time: Date): string {
  const [, day, month, year, clock] = time.toUTCString().split(' ');
  return `${year}-${month}-${day} ${clock}+0000 UTC`;
}
