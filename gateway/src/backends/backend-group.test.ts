import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { BodySource } from '../wire/body-source.ts';
import type { BackendReceiver, BackendRequest, BackendSender } from './backend-call.ts';
import { BackendGroup } from './backend-group.ts';
import type { BackendFailure } from './failure.ts';

/** A target that does nothing by itself, or fails at once. */
class FakeTarget implements BackendSender {
  readonly sent: { request: BackendRequest; receiver: BackendReceiver; aborted: boolean; resumed: number }[] =
    [];
  failsAtOnce: BackendFailure | undefined;

  send(request: BackendRequest, receiver: BackendReceiver) {
    const call = { request, receiver, aborted: false, resumed: 0 };
    this.sent.push(call);
    if (this.failsAtOnce !== undefined) receiver.failed(this.failsAtOnce);
    return {
      resume: () => {
        call.resumed += 1;
      },
      abort: () => {
        call.aborted = true;
      },
    };
  }
}

class Heard implements BackendReceiver {
  readonly events: unknown[] = [];
  interim(status: number): void {
    this.events.push(['interim', status]);
  }
  head(status: number): void {
    this.events.push(['head', status]);
  }
  data(bytes: Buffer): boolean {
    this.events.push(['data', bytes.length]);
    return false;
  }
  flush(): void {}
  switched(): void {
    this.events.push(['switched']);
  }
  end(): void {
    this.events.push(['end']);
  }
  failed(failure: BackendFailure): void {
    this.events.push(['failed', failure]);
  }
}

let clock: FakeClock;
let targets: FakeTarget[];
let group: BackendGroup;

beforeEach(() => {
  clock = new FakeClock();
  targets = [new FakeTarget(), new FakeTarget(), new FakeTarget()];
  group = groupOf(['', '', '']);
});

function groupOf(prefixes: readonly string[]): BackendGroup {
  const all = prefixes.map((pathPrefix, index) => ({ sender: targets[index]!, pathPrefix }));
  return new BackendGroup(all, 'failover', clock);
}

function send({ body, path = '/items' }: { body?: BodySource; path?: string } = {}) {
  const heard = new Heard();
  const call = group.send({ method: 'POST', path, fields: [], body }, heard);
  return { heard, call };
}

function bodyOf({ touched }: { touched: boolean }): BodySource {
  return { length: 1, touched, start: () => {}, resume: () => {}, stop: () => {} };
}

function sent(): readonly number[] {
  return targets.map((target) => target.sent.length);
}

describe('a request to several targets', () => {
  test('is the business of the one that takes it', () => {
    const { heard, call } = send();
    const { receiver } = targets[0]!.sent[0]!;
    receiver.interim(103, []);
    receiver.head(200, []);
    expect(receiver.data(Buffer.alloc(3))).toBe(false);
    call.resume();
    receiver.end([]);
    call.abort();
    expect(heard.events).toEqual([['interim', 103], ['head', 200], ['data', 3], ['end']]);
    expect(targets[0]!.sent[0]).toMatchObject({ resumed: 1, aborted: false });
    expect(sent()).toEqual([1, 0, 0]);
  });

  test.each<BackendFailure>(['unreachable', 'connect-deadline'])(
    'goes on to the next when it certainly was not sent: %s',
    (failure) => {
      const { heard, call } = send({ body: bodyOf({ touched: false }) });
      targets[0]!.sent[0]!.receiver.failed(failure);
      targets[1]!.sent[0]!.receiver.failed(failure);
      expect(sent()).toEqual([1, 1, 1]);
      call.resume();
      expect(targets[2]!.sent[0]!.resumed).toBe(1);
      targets[2]!.sent[0]!.receiver.head(200, []);
      expect(heard.events).toEqual([['head', 200]]);
    },
  );

  test.each<BackendFailure>(['silent', 'broken', 'invalid'])('is never sent twice: %s', (failure) => {
    const { heard } = send();
    targets[0]!.sent[0]!.receiver.failed(failure);
    expect(sent()).toEqual([1, 0, 0]);
    expect(heard.events).toEqual([['failed', failure]]);
  });

  test('whose body somebody has begun to read goes nowhere else', () => {
    const { heard } = send({ body: bodyOf({ touched: true }) });
    targets[0]!.sent[0]!.receiver.failed('unreachable');
    expect(sent()).toEqual([1, 0, 0]);
    expect(heard.events).toEqual([['failed', 'unreachable']]);
  });

  test('goes on when a target has no place at once, but not after a wait for one', () => {
    targets[0]!.failsAtOnce = 'busy';
    const { heard } = send();
    expect(sent()).toEqual([1, 1, 0]);
    targets[1]!.sent[0]!.receiver.failed('busy');
    expect(sent()).toEqual([1, 1, 0]);
    expect(heard.events).toEqual([['failed', 'busy']]);
  });

  test('that no target takes fails for the last reason, once', () => {
    targets[0]!.failsAtOnce = 'unreachable';
    targets[1]!.failsAtOnce = 'busy';
    targets[2]!.failsAtOnce = 'connect-deadline';
    const { heard, call } = send();
    call.abort();
    expect(sent()).toEqual([1, 1, 1]);
    expect(heard.events).toEqual([['failed', 'connect-deadline']]);
  });

  test('that is given up goes nowhere else', () => {
    const { heard, call } = send();
    call.abort();
    expect(targets[0]!.sent[0]!.aborted).toBe(true);
    targets[0]!.sent[0]!.receiver.failed('unreachable');
    expect(sent()).toEqual([1, 0, 0]);
    expect(heard.events).toEqual([]);
  });
});

describe('the health of targets', () => {
  test.each([502, 503, 504])('suffers from answers of %s, which reach the client', (status) => {
    for (let time = 0; time < 3; time += 1) {
      const { heard } = send();
      targets[0]!.sent[time]!.receiver.head(status, []);
      targets[0]!.sent[time]!.receiver.end([]);
      expect(heard.events).toEqual([['head', status], ['end']]);
    }
    send();
    expect(sent()).toEqual([3, 1, 0]);
  });

  test.each([200, 404, 429, 500, 501])('does not suffer from answers of %s', (status) => {
    for (let time = 0; time < 4; time += 1) {
      send();
      targets[0]!.sent[time]!.receiver.head(status, []);
    }
    expect(sent()).toEqual([4, 0, 0]);
  });

  test('suffers from silence, and not from a queue', () => {
    for (let time = 0; time < 4; time += 1) {
      send();
      targets[0]!.sent[time]!.receiver.failed('busy');
    }
    expect(sent()).toEqual([4, 0, 0]);
    for (let time = 4; time < 7; time += 1) {
      send();
      targets[0]!.sent[time]!.receiver.failed('silent');
    }
    send();
    expect(sent()).toEqual([7, 1, 0]);
  });

  test('is tried by one request, and by another when the client of that one leaves', async () => {
    for (let time = 0; time < 3; time += 1) {
      send();
      targets[0]!.sent[time]!.receiver.failed('broken');
    }
    await clock.advance(1000);
    const trial = send();
    send();
    expect(sent()).toEqual([4, 1, 0]);
    trial.call.abort();
    send();
    expect(sent()).toEqual([5, 1, 0]);
    targets[0]!.sent[4]!.receiver.head(200, []);
    send();
    expect(sent()).toEqual([6, 1, 0]);
  });
});

describe('the path of a request', () => {
  test.each([
    [['/a', '/b', ''], '/a', '/a', '/b', '/'],
    [['/a', '/b', ''], '/a/', '/a/', '/b/', '/'],
    [['/a', '/b', ''], '/a?x=1', '/a?x=1', '/b?x=1', '/?x=1'],
    [['/a', '/b', ''], '/a/items?x=1', '/a/items?x=1', '/b/items?x=1', '/items?x=1'],
    [['', '', ''], '/', '/', '/', '/'],
    [['', '/long/one', ''], '/long/one/i', '/i', '/long/one/i', '/i'],
  ])('with the prefixes %j: %s goes to %s, %s, %s', (prefixes, path, ...expected) => {
    group = groupOf(prefixes);
    expect(group.pathPrefix).toBe(prefixes.find((prefix) => prefix !== '') ?? '');
    for (const target of targets) target.failsAtOnce = 'unreachable';
    send({ path });
    expect(targets.map((target) => target.sent[0]!.request.path)).toEqual(expected);
  });
});
