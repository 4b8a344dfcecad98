/** Names of a fault's elements, with their prefix. */
export interface Vocabulary {
  readonly prefix: string;
  readonly namespace: string;
}

/** What a fault says, element by element; absent ones aren't written. */
interface FaultText {
  readonly code: string;
  readonly type?: string;
  readonly message: string;
  readonly description: string;
  readonly nextAccessTime?: string;
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>';

/** A fault as WSO2 writes it for clients that read XML: an element for each field. */
export function xmlFault(text: FaultText, vocabulary: Vocabulary): string {
  return declaration + faultElement(text, vocabulary);
}

/**
 * A SOAP fault: the gateway's trouble (code Server or Receiver), the message as the reason, everything else as detail. SOAP 1.1,
 * section 4.4; SOAP 1.2 part 1, section 5.4.
 */
export function soapFault(version: '1.1' | '1.2', text: FaultText, vocabulary: Vocabulary): string {
  const { message, ...rest } = text;
  const reason = escaped(message);
  const detail = faultElement(rest, vocabulary);
  if (version === '1.1') {
    return (
      `${declaration}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>` +
      `<faultcode>soapenv:Server</faultcode><faultstring>${reason}</faultstring><detail>${detail}</detail>` +
      '</soapenv:Fault></soapenv:Body></soapenv:Envelope>'
    );
  }
  return (
    `${declaration}<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><env:Fault>` +
    `<env:Code><env:Value>env:Receiver</env:Value></env:Code>` +
    `<env:Reason><env:Text xml:lang="en">${reason}</env:Text></env:Reason><env:Detail>${detail}</env:Detail>` +
    '</env:Fault></env:Body></env:Envelope>'
  );
}

function faultElement(text: Partial<FaultText>, { prefix, namespace }: Vocabulary): string {
  const elements = Object.entries(text).map(
    ([name, value]) => `<${prefix}:${name}>${escaped(value)}</${prefix}:${name}>`,
  );
  return `<${prefix}:fault xmlns:${prefix}="${namespace}">${elements.join('')}</${prefix}:fault>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text that is nothing but text; characters that XML 1.0 can't hold are replaced. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => escapes[character] ?? '');
}
