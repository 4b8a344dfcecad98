import { systemClock as clock } from '../../system-clock.ts';
import { Cluster } from '../demo/cluster.ts';
import { example, exampleHome } from '../demo/example.ts';
import { prove, type Proof } from '../demo/proof.ts';
import { reachable } from '../demo/reachable.ts';
import { offerTraffic, type Answers } from '../demo/traffic.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseStoreUrl } from '../store-url.ts';
import { untilToldToEnd } from '../until-told-to-end.ts';

export interface DemoOptions {
  readonly gateways: number;
  readonly redis?: string;
  readonly stay?: boolean;
  /** With `stay`: the first gateway's port, the others and their admin listeners follow. */
  readonly firstPort: number;
  readonly json?: boolean;
}

const offered = { timesTheLimit: 4, durationMs: 5000 };

/** `sluice demo`: a cluster on this machine, with traffic and a proof, or (`--stay`) to try by hand. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { redis } = options;
  if (redis !== undefined) {
    const store = parseStoreUrl(redis);
    if (typeof store === 'string' || store.kind !== 'redis' || store.topology !== 'standalone') {
      say(
        `sluice demo: --redis: ${typeof store === 'string' ? store : 'expected redis://host:port/database'}`,
      );
      return exitCodes.usage;
    }
    if (!(await reachable(store))) {
      say(`sluice demo: no Redis answers at ${store.host}:${store.port}`);
      return exitCodes.storeUnreachable;
    }
  }
  const told = untilToldToEnd();
  say(
    `Starting ${options.gateways} gateways as separate processes, counting in ${redis === undefined ? 'a process of their own' : 'Redis'} …`,
  );
  let cluster: Cluster;
  try {
    cluster = await Cluster.start({
      home: exampleHome(),
      backendPorts: example.backendPorts,
      gateways: options.gateways,
      ...(redis !== undefined && { redisUrl: redis }),
      ...(options.stay === true && { firstPort: options.firstPort }),
      clock,
    });
  } catch (error) {
    say(`sluice demo: ${error instanceof Error ? error.message : String(error)}`);
    return exitCodes.failed;
  }
  try {
    if (options.stay === true) {
      sayWhatToTry(cluster);
      await Promise.race([told, cluster.untilOneEnds()]);
      say('\nEnding …');
      return exitCodes.done;
    }
    const code = await Promise.race([
      showTraffic(cluster, options.json === true),
      told.then(() => exitCodes.interrupted),
    ]);
    return code;
  } finally {
    await cluster.stop();
  }
}

async function showTraffic(cluster: Cluster, json: boolean): Promise<number> {
  const { path, apiKey, perSecond, backendPort } = example.burst;
  const rate = perSecond * offered.timesTheLimit;
  const gateways = cluster.gateways.map(({ url }) => url);
  say(
    `The limit: a burst of ${perSecond} requests a second for application MobileApp, on all gateways together.`,
  );
  say(
    `Offering ${rate} requests a second over ${gateways.length} gateways for ${offered.durationMs / 1000} s …`,
  );
  const arrivalsMs = cluster.backends.get(backendPort)?.arrivalsMs ?? [];
  const answers = await offerTraffic({
    gateways,
    path,
    headers: { ApiKey: apiKey },
    perSecond: rate,
    durationMs: offered.durationMs,
    clock,
    onProgress: (soFar) => {
      say(
        `  ${count(soFar, 200)} admitted, ${count(soFar, 429)} refused, ${arrivalsMs.length} seen by the backend`,
      );
    },
  });
  const proof = prove({ arrivalsMs, answers, limit: perSecond });
  if (json) process.stdout.write(`${JSON.stringify(asJson(gateways, answers, proof))}\n`);
  else process.stdout.write(asText(gateways, answers, proof));
  return proof.exact ? exitCodes.done : exitCodes.failed;
}

function asText(gateways: readonly string[], answers: readonly Answers[], proof: Proof): string {
  const rows = gateways.map((url, index) => {
    const own = answers.slice(index, index + 1);
    return `  ${url}   ${pad(count(own, 200))} admitted ${pad(count(own, 429))} refused${others(own)}`;
  });
  return `
${rows.join('\n')}
  all gateways            ${pad(proof.admitted)} admitted ${pad(count(answers, 429))} refused${others(answers)}
  the backend counted     ${pad(proof.arrived)}
  in each window          ${proof.windows.join(' ')}
  above the limit ${proof.over}, missed ${proof.missed}

exact: ${proof.exact ? 'yes' : 'no'}

How to go on:
  npm start                                       the same cluster, to try by hand
  npx sluice check --home examples/orders-cluster   what this example's files say
  npx sluice start --to http://localhost:3000 --limit 100/min --by ip
`;
}

function asJson(gateways: readonly string[], answers: readonly Answers[], proof: Proof): object {
  const each = gateways.map((url, index) => ({ url, statuses: Object.fromEntries(answers[index] ?? []) }));
  return { gateways: each, ...proof };
}

function sayWhatToTry(cluster: Cluster): void {
  const [first, second = first] = cluster.gateways;
  if (first === undefined || second === undefined) return;
  const { trial, open } = example;
  const rows = cluster.gateways.map(
    ({ url, adminUrl }) => `  ${url}    health, readiness, metrics: ${adminUrl}`,
  );
  say(`
${cluster.gateways.length} gateways share one set of counters:
${rows.join('\n')}

Try, in another terminal:
  # application Trial may send ${trial.perMinute} requests a minute; the last ones are refused, on whichever gateway
  for i in $(seq 12); do curl -s -o /dev/null -w '%{http_code} ' -H 'ApiKey: ${trial.apiKey}' ${first.url}${trial.path}; done; echo
  curl -i -H 'ApiKey: ${trial.apiKey}' ${second.url}${trial.path}
  # an open operation, counted by client address
  curl -i ${first.url}${open.path}
  # every kind of limit, and who shares it: examples/orders-cluster/README.md

Ctrl-C ends everything.`);
}

function count(answers: readonly Answers[], status: number): number {
  return answers.reduce((sum, own) => sum + (own.get(status) ?? 0), 0);
}

/** Answers that the demo doesn't expect. */
function others(answers: readonly Answers[]): string {
  const odd = answers.flatMap((own) => [...own].filter(([status]) => status !== 200 && status !== 429));
  return odd.map(([status, times]) => `, ${times} × ${status === 0 ? 'no answer' : status}`).join('');
}

function pad(number: number): string {
  return String(number).padStart(6);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
