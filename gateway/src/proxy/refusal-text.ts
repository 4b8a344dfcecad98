import type { Fields } from '../wire/fields.ts';
import { fieldValues } from './fields.ts';
import { soapFault, type Vocabulary, xmlFault } from './xml-fault.ts';

/** In which form a client is told why its request was refused (wso2.md 3.2). */
export type RefusalForm = 'json' | 'application/xml' | 'text/xml' | 'soap-1.1' | 'soap-1.2';

/** What a refusal says, in the order of WSO2's bodies. */
export interface RefusalText {
  readonly code: string;
  /** Only what WSO2 calls a general fault has one. */
  readonly type?: string;
  readonly message: string;
  readonly description: string;
  readonly nextAccessTime?: string;
}

/** What decides the form: whether the API speaks SOAP, and whether an operator lets clients choose. */
interface FormChoice {
  readonly soap: boolean;
  readonly errorFormat: 'json' | 'accept';
}

/** A SOAP client is answered in its request's version of SOAP; others get JSON, unless they may and do prefer XML. */
export function refusalForm(fields: Fields, { soap, errorFormat }: FormChoice): RefusalForm {
  if (soap) return isSoap12(fields) ? 'soap-1.2' : 'soap-1.1';
  return errorFormat === 'json' ? 'json' : preferredForm(fieldValues(fields, 'accept').join(','));
}

/** The body in a form, and the value of its Content-Type. */
export function writeRefusal(
  text: RefusalText,
  form: RefusalForm,
): { readonly body: string; readonly contentType: string } {
  switch (form) {
    case 'json':
      return { body: JSON.stringify(text), contentType: 'application/json' };
    case 'application/xml':
    case 'text/xml':
      return { body: xmlFault(text, vocabularyOf(text)), contentType: `${form}; charset=UTF-8` };
    case 'soap-1.1':
      return { body: soapFault('1.1', text, vocabularyOf(text)), contentType: 'text/xml; charset=UTF-8' };
    case 'soap-1.2': {
      const body = soapFault('1.2', text, vocabularyOf(text));
      return { body, contentType: 'application/soap+xml; charset=UTF-8' };
    }
    default:
      return form satisfies never;
  }
}

function isSoap12(fields: Fields): boolean {
  return fieldValues(fields, 'content-type').some((value) => mediaType(value) === 'application/soap+xml');
}

/** WSO2 has a namespace for each handler that refuses; its codes tell which. */
function vocabularyOf({ code, type }: Pick<RefusalText, 'code' | 'type'>): Vocabulary {
  if (type !== undefined) return general;
  return code.startsWith('9008') ? throttling : security;
}

const general: Vocabulary = { prefix: 'am', namespace: 'http://wso2.org/apimanager' };
const throttling: Vocabulary = { prefix: 'amt', namespace: 'http://wso2.org/apimanager/throttling' };
const security: Vocabulary = { prefix: 'ams', namespace: 'http://wso2.org/apimanager/security' };

/** XML only where it is named, and liked better than JSON is (RFC 9110, section 12.5.1). */
function preferredForm(accept: string): RefusalForm {
  const weights = new Map<string, number>();
  for (const range of accept.split(',')) weights.set(mediaType(range), weightOf(range));
  const weight = (name: string): number => weights.get(name) ?? 0;
  const json = weights.get('application/json') ?? weights.get('application/*') ?? weight('*/*');
  const [application, text] = [weight('application/xml'), weight('text/xml')];
  if (Math.max(application, text) <= json) return 'json';
  return application >= text ? 'application/xml' : 'text/xml';
}

function mediaType(range: string): string {
  const end = range.indexOf(';');
  return (end === -1 ? range : range.slice(0, end)).trim().toLowerCase();
}

/** In thousandths, so that it is whole. What can't be read counts as nothing. */
function weightOf(range: string): number {
  const [, ...parameters] = range.split(';');
  const written = parameters.map((one) => one.trim().toLowerCase()).find((one) => one.startsWith('q='));
  if (written === undefined) return 1000;
  const value = written.slice(2);
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Math.round(Number(value) * 1000) : 0;
}
