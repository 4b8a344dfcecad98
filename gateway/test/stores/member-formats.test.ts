import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../src/stores/members/frames.ts';
import { helloOf } from '../../src/stores/members/handshake.ts';
import { messageOf } from '../../src/stores/members/messages.ts';

/* What gateways of version 1 send to each other. The same holds here as in formats.test.ts: add to this file; change nothing in it. */

const noon = 1_790_000_040_000;

describe('what members of version 1 send', () => {
  const limitThen = { kind: 'fixed-window', quota: 10, windowMs: 60_000, starts: 'aligned' };
  test.each([
    [
      'haRraW5kpnNldHRsZaRtaW5lAqV5b3VycwOiaWQEpmNsYWltc5GIo2tleaFrpWxpbWl0hKRraW5krGZpeGVkLXdpbmRvd6VxdW90YQqod2luZG93TXPN6mCmc3RhcnRzp2FsaWduZWSnZ2F0ZXdheaNndzGjc2VxCKZ3aW5kb3fPAAABoMRRCECkaGVsZAOkd2FudAKnYXRMZWFzdAE=',
      {
        kind: 'settle',
        mine: 2,
        yours: 3,
        id: 4,
        claims: [
          { key: 'k', limit: limitThen, gateway: 'gw1', seq: 8, window: noon, held: 3, want: 2, atLeast: 1 },
        ],
      },
    ],
    [
      'hKRraW5kpmNvcGllc6RtaW5lAqV5b3VycwOmY29waWVzkYOja2V5oWulbGltaXSEpGtpbmSsZml4ZWQtd2luZG93pXF1b3RhCqh3aW5kb3dNc83qYKZzdGFydHOnYWxpZ25lZKZsZWRnZXKGpndpbmRvd88AAAGgxFEIQKR1c2VkA6hhY2NvdW50c8cSAZGSo2d3MYKkaGVsZAOjc2VxB6pzZXFzQmVmb3JlxwcBkZKjZ3cyBadjYXJyaWVkAKtjYXJyaWVkQXRNcwA=',
      {
        kind: 'copies',
        mine: 2,
        yours: 3,
        copies: [
          {
            key: 'k',
            limit: limitThen,
            ledger: {
              window: noon,
              used: 3,
              accounts: new Map([['gw1', { held: 3, seq: 7 }]]),
              seqsBefore: new Map([['gw2', 5]]),
              carried: 0,
              carriedAtMs: 0,
            },
          },
        ],
      },
    ],
  ])('%# is understood', (bytes, message) => {
    const body = Buffer.from(bytes, 'base64');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    const [value] = new FrameReader().read(Buffer.concat([length, body]), 1000);
    expect(messageOf(value)).toEqual(message);
  });

  test('a member of a later version is welcome: it speaks as the older one does', () => {
    const hello = {
      sluice: 2,
      domain: 'd',
      id: 'gw-1',
      address: 'h:4000',
      nonce: '0'.repeat(32),
      more: true,
    };
    expect(helloOf(hello, 'd')).toMatchObject({ sluice: 2, id: 'gw-1' });
    expect(helloOf({ ...hello, sluice: 0 }, 'd')).toEqual({
      why: 'it speaks version 0, the oldest known here is 1',
    });
  });
});
