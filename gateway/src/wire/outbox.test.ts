import { expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { Outbox } from './outbox.ts';

test('senders send once, in order, at the end of the turn; those added by a sender at the end of the next one', async () => {
  const clock = new FakeClock();
  const outbox = new Outbox(clock);
  const sent: string[] = [];
  const last = { send: (): unknown => sent.push('last') };
  const first = {
    send(): void {
      sent.push('first');
      outbox.add(last);
    },
  };
  outbox.add(first);
  outbox.add({ send: () => sent.push('second') });
  expect(sent).toEqual([]);
  await clock.turn();
  expect(sent).toEqual(['first', 'second', 'last']);
  await clock.turn();
  expect(sent).toHaveLength(3);
});
