import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { FairQueue } from './fair-queue.ts';

describe('a fair queue', () => {
  let started: string[];
  let end: Map<string, () => void>;
  const job = (name: string) => (): Promise<void> => {
    started.push(name);
    return new Promise((resolve) => end.set(name, resolve));
  };
  const finish = async (name: string): Promise<void> => {
    end.get(name)!();
    for (let at = 0; at < 5; at += 1) await Promise.resolve();
  };

  beforeEach(() => {
    started = [];
    end = new Map();
  });

  test('gives each owner its turn, however much one has', async () => {
    const queue = new FairQueue({ runningMax: 2, runningOfOneMax: 2, waitingMax: 100, waitingOfOneMax: 100 });
    for (const at of [1, 2, 3, 4]) queue.add('a', job(`a${at}`));
    queue.add('b', job('b1'));
    queue.add('b', job('b2'));
    expect(started).toEqual(['a1', 'a2']);
    await finish('a1');
    await finish('a2');
    expect(started).toEqual(['a1', 'a2', 'a3', 'b1']);
    await finish('b1');
    await finish('a3');
    expect(started.slice(4).sort()).toEqual(['a4', 'b2']);
  });

  test('lets one owner have a part of it only', () => {
    const queue = new FairQueue({ runningMax: 4, runningOfOneMax: 1, waitingMax: 100, waitingOfOneMax: 100 });
    for (const at of [1, 2, 3]) queue.add('a', job(`a${at}`));
    queue.add('b', job('b1'));
    expect(started).toEqual(['a1', 'b1']);
  });

  test('takes no more than it may, of one and of all', () => {
    const queue = new FairQueue({ runningMax: 1, runningOfOneMax: 1, waitingMax: 3, waitingOfOneMax: 2 });
    const taken = ['a', 'a', 'a', 'a', 'b', 'b'].map((owner, at) => queue.add(owner, job(`${owner}${at}`)));
    expect(taken).toEqual([true, true, true, false, true, false]);
    expect([queue.room('a'), queue.room('b'), queue.room('c')]).toEqual([0, 0, 0]);
  });

  test('is drained when all that came has ended, and takes nothing more', async () => {
    const queue = new FairQueue({ runningMax: 1, runningOfOneMax: 1, waitingMax: 9, waitingOfOneMax: 9 });
    queue.add('a', job('a1'));
    queue.add('a', job('a2'));
    let drained = false;
    const done = queue.drain(new FakeClock(), 1).then(() => (drained = true));
    expect(queue.add('b', job('b1'))).toBe(false);
    await finish('a1');
    expect(drained).toBe(false);
    await finish('a2');
    await done;
    expect(started).toEqual(['a1', 'a2']);
  });

  test('drained for too long, it begins nothing that waits', async () => {
    const clock = new FakeClock();
    const queue = new FairQueue({ runningMax: 1, runningOfOneMax: 1, waitingMax: 9, waitingOfOneMax: 9 });
    for (const owner of ['a', 'a', 'b']) queue.add(owner, job(owner));
    let drained = false;
    const done = queue.drain(clock, 1000).then(() => (drained = true));
    await clock.advance(999);
    expect(drained).toBe(false);
    await clock.advance(1);
    await done;
    await finish('a');
    expect(started).toEqual(['a']);
    await queue.drain(clock, 1000);
  });
});
