import { describe, expect, test } from 'vitest';
import { leaseSecondsMax, readHubRequest } from './hub-request.ts';

const good = { 'hub.mode': 'subscribe', 'hub.topic': 'news', 'hub.callback': 'https://example.com/hook?a=b' };

function read(more: Readonly<Record<string, string>> = {}): unknown {
  return readHubRequest(new URLSearchParams({ ...good, ...more }));
}

describe('a request to the hub', () => {
  test('has a lease of ten days unless it says otherwise, and 30 days at most', () => {
    const asked = { mode: 'subscribe', topic: 'news', callback: 'https://example.com/hook?a=b' };
    expect(read()).toEqual({ ...asked, leaseSeconds: 864_000 });
    expect(read({ 'hub.lease_seconds': '60', 'hub.secret': 's' })).toEqual({
      ...asked,
      leaseSeconds: 60,
      secret: 's',
    });
    expect(read({ 'hub.lease_seconds': '50000000' })).toMatchObject({ leaseSeconds: leaseSecondsMax });
  });

  test('to unsubscribe needs neither', () => {
    expect(read({ 'hub.mode': 'unsubscribe', 'hub.secret': 's', 'hub.lease_seconds': 'x' })).toEqual({
      mode: 'unsubscribe',
      topic: 'news',
      callback: 'https://example.com/hook?a=b',
    });
  });

  test.each([
    ['hub.mode', ''],
    ['hub.mode', 'publish'],
    ['hub.topic', ''],
    ['hub.topic', 'x'.repeat(251)],
    ['hub.callback', ''],
    ['hub.callback', 'example.com'],
    ['hub.callback', 'ftp://example.com/'],
    ['hub.callback', 'javascript:alert(1)'],
    ['hub.callback', 'https://user:pass@example.com/'],
    ['hub.callback', 'https://user@example.com/'],
    ['hub.callback', 'https://example.com/#part'],
    ['hub.callback', `https://example.com/${'x'.repeat(2048)}`],
    ['hub.callback', `https://example.com/${'ä'.repeat(800)}`],
    ['hub.secret', 'x'.repeat(200)],
    ['hub.secret', 'ä'.repeat(100)],
    ['hub.lease_seconds', '-1'],
    ['hub.lease_seconds', '1.5'],
    ['hub.lease_seconds', '1e3'],
  ])('%s: %s is refused, and the problem names it', (name, value) => {
    const { problem } = read({ [name]: value }) as { problem: string };
    expect(problem).toContain(name);
  });

  test('can’t name a parameter twice', () => {
    const parameters = new URLSearchParams(good);
    parameters.append('hub.callback', 'https://example.com/other');
    expect(readHubRequest(parameters)).toEqual({ problem: 'hub.callback is given twice' });
  });

  test('names a host in one spelling only', () => {
    expect(read({ 'hub.callback': 'http://0x7f.1/' })).toMatchObject({ callback: 'http://127.0.0.1/' });
    expect(read({ 'hub.callback': 'HTTP://EXAMPLE.com:80' })).toMatchObject({
      callback: 'http://example.com/',
    });
  });
});
