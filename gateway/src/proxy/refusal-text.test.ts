import { describe, expect, test } from 'vitest';
import { refusalForm, writeRefusal, type RefusalText } from './refusal-text.ts';

const quota: RefusalText = {
  code: '900804',
  message: 'Message throttled out',
  description: 'You have exceeded your quota',
  nextAccessTime: '2026-Mar-04 10:15:00+0000 UTC',
};
const declaration = '<?xml version="1.0" encoding="UTF-8"?>';

describe('the form of a refusal', () => {
  const chosen = (accept: readonly string[], errorFormat: 'json' | 'accept' = 'accept'): string =>
    refusalForm(
      accept.flatMap((value) => ['Accept', value]),
      { soap: false, errorFormat },
    );

  test.each([
    [[], 'json'],
    [['*/*'], 'json'],
    [['application/xml'], 'application/xml'],
    [['text/xml'], 'text/xml'],
    [['TEXT/XML ; charset=utf-8'], 'text/xml'],
    [['application/xml, application/json'], 'json'],
    [['application/xml;q=0.9, application/json;q=0.8'], 'application/xml'],
    [['application/xml;q=0.8', 'application/json;q=0.9'], 'json'],
    [['text/html, application/xml;q=0.9, */*;q=0.8'], 'application/xml'],
    [['text/xml;q=0.5, application/xml;q=0.4'], 'text/xml'],
    [['application/xml;q=0.2, application/*;q=0.3'], 'json'],
    [['application/xml;q=0'], 'json'],
    [['application/xml;q=2'], 'json'],
    [['application/xml;q=1e9'], 'json'],
    [['application/*'], 'json'],
    [[';;,,q=1'], 'json'],
  ])('Accept %j gives %s', (accept, form) => {
    expect(chosen(accept)).toBe(form);
    expect(chosen(accept, 'json')).toBe('json');
  });

  test.each([
    ['text/xml; charset=utf-8', 'soap-1.1'],
    ['application/soap+xml; action="urn:a"', 'soap-1.2'],
    ['Application/SOAP+XML', 'soap-1.2'],
    ['application/json', 'soap-1.1'],
  ])('a SOAP request of type %s is answered as %s, whatever it accepts', (type, form) => {
    const fields = ['Accept', 'application/json', 'Content-Type', type];
    expect(refusalForm(fields, { soap: true, errorFormat: 'accept' })).toBe(form);
    expect(refusalForm(fields, { soap: true, errorFormat: 'json' })).toBe(form);
  });
});

describe('a refusal in XML', () => {
  test('of a limit is in the words of WSO2’s throttling', () => {
    expect(writeRefusal(quota, 'application/xml')).toEqual({
      contentType: 'application/xml; charset=UTF-8',
      body: `${declaration}<amt:fault xmlns:amt="http://wso2.org/apimanager/throttling"><amt:code>900804</amt:code><amt:message>Message throttled out</amt:message><amt:description>You have exceeded your quota</amt:description><amt:nextAccessTime>2026-Mar-04 10:15:00+0000 UTC</amt:nextAccessTime></amt:fault>`,
    });
  });

  test.each([
    [{ code: '900901', message: 'M', description: 'D' }, 'ams', 'http://wso2.org/apimanager/security'],
    [
      { code: '404', type: 'Status report', message: 'M', description: 'D' },
      'am',
      'http://wso2.org/apimanager',
    ],
    [
      { code: '908002', type: 'Status report', message: 'M', description: 'D' },
      'am',
      'http://wso2.org/apimanager',
    ],
  ])('of %j has the prefix %s', (text, prefix, namespace) => {
    const { body, contentType } = writeRefusal(text, 'text/xml');
    expect(contentType).toBe('text/xml; charset=UTF-8');
    expect(body).toContain(`<${prefix}:fault xmlns:${prefix}="${namespace}"><${prefix}:code>${text.code}<`);
    expect(body.endsWith(`<${prefix}:description>D</${prefix}:description></${prefix}:fault>`)).toBe(true);
  });

  test('holds text only: what would be markup is escaped, what XML can not hold is replaced', () => {
    const description = '</amt:code><!--&"\'\0\u001B\uD800 ü 😀 ]]>';
    const { body } = writeRefusal({ ...quota, description }, 'application/xml');
    expect(body).toContain(
      '<amt:description>&lt;/amt:code&gt;&lt;!--&amp;&quot;&apos;\uFFFD\uFFFD\uFFFD ü 😀 ]]&gt;</amt:description>',
    );
  });
});

describe('a SOAP fault', () => {
  const detail =
    '<amt:fault xmlns:amt="http://wso2.org/apimanager/throttling"><amt:code>900804</amt:code><amt:description>You have exceeded your quota</amt:description><amt:nextAccessTime>2026-Mar-04 10:15:00+0000 UTC</amt:nextAccessTime></amt:fault>';

  test('of SOAP 1.1 has the code Server, the message as its reason, and the rest as detail', () => {
    expect(writeRefusal(quota, 'soap-1.1')).toEqual({
      contentType: 'text/xml; charset=UTF-8',
      body: `${declaration}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>Message throttled out</faultstring><detail>${detail}</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`,
    });
  });

  test('of SOAP 1.2 has the code Receiver', () => {
    expect(writeRefusal(quota, 'soap-1.2')).toEqual({
      contentType: 'application/soap+xml; charset=UTF-8',
      body: `${declaration}<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><env:Fault><env:Code><env:Value>env:Receiver</env:Value></env:Code><env:Reason><env:Text xml:lang="en">Message throttled out</env:Text></env:Reason><env:Detail>${detail}</env:Detail></env:Fault></env:Body></env:Envelope>`,
    });
  });
});
