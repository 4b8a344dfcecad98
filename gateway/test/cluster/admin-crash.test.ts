import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machineEnvironment } from '../../src/cli/machine.ts';
import { readHome } from '../../src/cli/read-home.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { sluice } from '../support/sluice.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const rounds = 4;
const token = 'token-of-the-tests';
const authorization = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
const tokens = `[[token]]
name = "tests"
sha256 = "${createHash('sha256').update(token).digest('hex')}"
scopes = ["apim:admin"]
`;
const filler = 'x'.repeat(900);

/** Long enough to be written in several pieces. */
function policy(requestCount: number): object {
  const defaultLimit = {
    type: 'REQUESTCOUNTLIMIT',
    requestCount: { timeUnit: 'min', unitTime: 1, requestCount },
  };
  const customAttributes = Array.from({ length: 100 }, (_, index) => ({
    name: `${requestCount}-${index}`,
    value: filler,
  }));
  return { policyName: 'Plan', stopOnQuotaReach: true, defaultLimit, customAttributes };
}

let home: TestHome;
beforeAll(() => {
  home = new TestHome({
    'deployment.toml': '[sluice.admin]\ntokens_file = "tokens.toml"\n',
    'tokens.toml': tokens,
    'apis/Open.yaml': apiProject({ name: 'Open', production: 1, policies: ['Plan'] }),
    'policies/Plan.yaml': subscriptionPolicy('Plan', { perHour: 20 }),
    'applications/Some.yaml': application('Some', { Open: 'Plan' }),
  });
});
afterAll(() => home.remove());

test('a gateway that is killed while it writes leaves a home that can be read, with the old text or the new one', async () => {
  let answered = 0;
  for (let round = 0; round < rounds; round += 1) {
    const run = sluice(['start', '--home', home.path, '--port', '0', '--admin-port', '0']);
    await until(() => run.said().includes('admin on'));
    const url = `${/admin on (http:\/\/\S+),/.exec(run.said())?.[1]}/api/am/admin/v4/throttling/policies`;
    const found = await fetch(`${url}/search?query=name:Plan%20type:sub`, { headers: authorization });
    const { list } = (await found.json()) as { list: { uuid: string }[] };
    const path = `${url}/subscription/${list[0]!.uuid}`;
    let last = 0;
    const writing = (async () => {
      for (let count = 1; ; count += 1) {
        const body = JSON.stringify(policy(1000 * round + count));
        const { status } = await fetch(path, { method: 'PUT', headers: authorization, body });
        if (status !== 200) throw new Error(`answered with ${status}`);
        last = 1000 * round + count;
      }
    })().catch((error: unknown) => error);
    await until(() => last > 0);
    await sleep(37 * round);
    run.signal('SIGKILL');
    await run.ended;
    // The connection broke: nothing else ended it.
    expect(await writing).toBeInstanceOf(TypeError);
    answered += last - 1000 * round;
    const read = await readHome(home.path);
    if (!('home' in read)) throw new Error(JSON.stringify(read.diagnostics));
    const { config, diagnostics } = readConfig(read.home, machineEnvironment(home.path));
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    // What was answered is there; one more may be.
    const quota = config?.applications[0]?.subscriptions[0]?.tier.quotas?.[0]?.limit.quota;
    expect([last, last + 1]).toContain(quota);
  }
  expect(answered).toBeGreaterThan(rounds);
});
