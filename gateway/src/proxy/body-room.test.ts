import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../test/support/random.ts';
import { BodyRoom, HeldBody } from './body-room.ts';

const kib = 1024;

describe('the room for bodies', () => {
  test('is taken once for what a body says, and for more of it as it comes', () => {
    const room = new BodyRoom(100 * kib);
    const body = new HeldBody(room);
    expect([body.reach(50 * kib), body.reach(20 * kib), room.bytes]).toEqual([true, true, 50 * kib]);
    expect([body.reach(70 * kib), room.bytes]).toEqual([true, 70 * kib]);
  });

  test('is taken by the smallest body, too', () => {
    const room = new BodyRoom(8 * kib);
    const bodies = Array.from({ length: 3 }, () => new HeldBody(room));
    expect(bodies.map((body) => body.reach(0))).toEqual([true, true, false]);
  });

  test('is left as it was by a body that is refused, and comes back once', () => {
    const room = new BodyRoom(100 * kib);
    const [first, second] = [new HeldBody(room), new HeldBody(room)];
    expect([first.reach(60 * kib), second.reach(30 * kib), second.reach(50 * kib)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(room.bytes).toBe(90 * kib);
    first.giveUp();
    first.giveUp();
    expect(room.bytes).toBe(30 * kib);
    expect([first.reach(1), second.reach(100 * kib), room.bytes]).toEqual([false, true, 100 * kib]);
  });

  test('is what the bodies hold that are open, whatever they do', () => {
    const random = seededRandom();
    const context = `seed ${random.seed}`;
    const bytesMax = 1024 * kib;
    const room = new BodyRoom(bytesMax);
    const open = new Map<HeldBody, number>();
    const seen = { held: 0, refused: 0, ended: 0 };
    const sum = (): number => [...open.values()].reduce((all, bytes) => all + bytes, 0);
    for (let step = 0; step < 20_000; step += 1) {
      if (open.size === 0 || random.chance(0.2)) open.set(new HeldBody(room), 0);
      const [body, before] = random.pick([...open]);
      const wanted = Math.max(before, random.below(256 * kib));
      const after = Math.max(wanted, 4 * kib);
      const ends = random.chance(0.2);
      if (ends) {
        body.giveUp();
        if (random.chance(0.5)) body.giveUp();
        open.delete(body);
      }
      const fits = !ends && sum() - before + after <= bytesMax;
      if (fits) open.set(body, after);
      expect([body.reach(wanted), room.bytes], context).toEqual([fits, sum()]);
      if (ends) seen.ended += 1;
      else seen[fits ? 'held' : 'refused'] += 1;
    }
    for (const body of open.keys()) body.giveUp();
    expect(room.bytes, context).toBe(0);
    expect(Math.min(...Object.values(seen)), `${context} ${JSON.stringify(seen)}`).toBeGreaterThan(1000);
  });
});
