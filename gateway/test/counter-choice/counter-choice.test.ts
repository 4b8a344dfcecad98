import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { RunningGateway } from '../proxy/running-gateway.ts';
import { seededRandom } from '../support/random.ts';
import { until } from '../support/until.ts';
import type { Credential } from './credentials.ts';
import { outcomeOf, refused, type Outcome } from './in-process.ts';
import { meaningOf } from './meaning.ts';
import {
  bearers,
  deniedAddresses,
  deniedBearers,
  deniedKey,
  keys,
  operations,
  served,
  strangers,
  trusted,
  type Asked,
} from './served.ts';
import { plainRequest, variantOf, type Variant } from './variants.ts';

/** CI takes a part of them; SLUICE_VARIANTS=100000 is the whole. */
const variants = Number(process.env['SLUICE_VARIANTS'] ?? 20_000);
const refusals: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 414, 431, 501]);

const known = new Map<string, Promise<Outcome>>();

/** What somebody is charged who asks plainly. */
function plainly(
  asked: Asked,
  who: { readonly credential?: Credential; readonly address?: string },
): Promise<Outcome> {
  const id = JSON.stringify([asked, who]);
  const outcome = known.get(id) ?? outcomeOf(plainRequest(asked, who));
  known.set(id, outcome);
  return outcome;
}

/** Why a variant is not as it should be, or undefined. */
async function complaint(variant: Variant, { status, counters }: Outcome): Promise<string | undefined> {
  const asked = meaningOf(variant.method, variant.target, variant.host);
  if (counters === undefined) {
    const isAnswered = status === 204 && variant.method === 'OPTIONS';
    return refusals.has(status) || isAnswered ? undefined : `neither charged nor refused: ${status}`;
  }
  if (asked === undefined) return `means no operation, and is charged to ${counters.join(' ')}`;
  const { credentials, addresses } = variant.proves;
  if (addresses.every((address) => deniedAddresses.includes(address)))
    return `comes from ${addresses.join(' ')}, which is denied, and is charged to ${counters.join(' ')}`;
  const allowed = await Promise.all(
    asked.open
      ? addresses.map((address) => plainly(asked, { address }))
      : credentials.map((credential) => plainly(asked, { credential })),
  );
  const isAllowed = allowed.some((plain) => plain.counters?.join(' ') === counters.join(' '));
  return isAllowed
    ? undefined
    : `proves ${JSON.stringify(variant.proves)}, and is charged to ${counters.join(' ')}`;
}

describe('which counters a request is charged to', () => {
  test('everybody has their own, whoever asks plainly', async () => {
    for (const asked of operations) {
      const who = asked.open
        ? [...strangers, ...trusted].map((address) => ({ address }))
        : [
            ...keys.map((text) => ({ kind: 'key', text }) as const),
            ...bearers.map((text) => ({ kind: 'token', text }) as const),
          ].map((credential) => ({ credential }));
      const all = await Promise.all(who.map((one) => plainly(asked, one)));
      for (const { status, counters } of all)
        expect({ status, charged: counters !== undefined }).toEqual({ status: 429, charged: true });
      const distinct = new Set(all.map(({ counters }) => counters?.join(' ')));
      // All keys of an owner are one, but for those of the sandbox; one token is of a user who owns its application.
      expect(distinct.size).toBe(asked.open ? who.length : 3 + 1 + bearers.length - 1);
      const ofUsers = all.map(({ counters }) =>
        counters?.find((counter) => counter.startsWith('application@')),
      );
      expect(new Set(ofUsers).size).toBe(asked.open ? 1 : 3 + bearers.length - 1);
    }
  });

  test('whoever is denied is charged nothing', async () => {
    const credentials = [
      { kind: 'key', text: deniedKey } as const,
      ...deniedBearers.map((text) => ({ kind: 'token', text }) as const),
    ];
    for (const asked of operations) {
      const all = asked.open
        ? deniedAddresses.map((address) => ({ address }))
        : credentials.map((credential) => ({ credential }));
      for (const who of all) expect(await plainly(asked, who)).toEqual({ status: 403, counters: undefined });
    }
  });

  test(`no spelling of anything chooses another one: ${variants} variants`, async () => {
    const random = seededRandom();
    const met = new Map<string, number>();
    const complaints: string[] = [];
    for (let count = 0; count < variants; count += 1) {
      const variant = variantOf(random);
      const outcome = await outcomeOf(variant);
      const kind = outcome.counters === undefined ? String(outcome.status) : 'charged';
      met.set(kind, (met.get(kind) ?? 0) + 1);
      const wrong = await complaint(variant, outcome);
      if (wrong !== undefined)
        complaints.push(`${wrong}\n${JSON.stringify(variant.bytes)} from ${variant.peer}`);
    }
    const seen = JSON.stringify(Object.fromEntries(met));
    expect(
      complaints.slice(0, 5),
      `seed ${random.seed}: ${complaints.length} of ${variants}; ${seen}`,
    ).toEqual([]);
    process.stdout.write(`seed ${random.seed}: ${variants} variants, ${seen}\n`);
    // Nothing is shown by requests that are all refused.
    expect(met.get('charged') ?? 0, seen).toBeGreaterThan(variants / 6);
    for (const status of ['400', '401', '404'])
      expect(met.get(status) ?? 0, seen).toBeGreaterThan(variants / 1000);
  }, 600_000);

  test('and it is the same over a socket', async () => {
    const random = seededRandom();
    let counters: readonly string[] | undefined;
    const gateway = await RunningGateway.start({ config: () => served });
    gateway.decide = (charges) => {
      counters = charges.map(({ key }) => key);
      return refused(charges);
    };
    const differing: string[] = [];
    for (let count = 0; count < Math.min(variants, 20_000) / 40; count += 1) {
      const { bytes } = variantOf(random, ['127.0.0.1']);
      counters = undefined;
      const client = gateway.connect().send(bytes);
      await until(() => /^HTTP\/1\.1 \d{3} [^]*\r\n\r\n/.test(client.received) || client.ended);
      client.socket.destroy();
      const overSocket = { status: Number(client.received.slice(9, 12)), counters };
      const inProcess = await outcomeOf({ bytes, peer: '127.0.0.1' });
      if (!isDeepStrictEqual(overSocket, inProcess))
        differing.push(JSON.stringify({ bytes, overSocket, inProcess }));
    }
    await gateway.close();
    expect(differing, `seed ${random.seed}`).toEqual([]);
  });
});
