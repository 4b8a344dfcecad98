import type { Cluster } from './cluster.ts';
import type { Fault } from './fault-plan.ts';

/** Makes all faults of a scenario happen at their times, and ends them with the demand. */
export function scheduleFaults(cluster: Cluster): void {
  const { world, server, scenario } = cluster;
  for (const fault of scenario.faults) {
    if (fault.kind === 'rollback') scheduleRollback(cluster, fault);
    else world.at(fault.atMs, () => inflict(cluster, fault));
  }
  world.at(scenario.durationMs, () => {
    server.thaw();
    for (const gateway of cluster.gateways) gateway?.link.calm();
  });
}

function inflict(cluster: Cluster, fault: Exclude<Fault, { kind: 'rollback' }>): void {
  const { world, server } = cluster;
  switch (fault.kind) {
    case 'freeze':
      server.freeze();
      cluster.incident('frozen');
      world.after(fault.forMs, () => {
        server.thaw();
        cluster.incident('thawed');
      });
      break;
    case 'flush':
      loseData(cluster);
      break;
    case 'jump':
      server.setClock(fault.byMs);
      cluster.incident('clock-jumped');
      break;
    case 'wall-jump': {
      const gateway = cluster.gateways[fault.gateway];
      if (gateway !== undefined) gateway.clock.wallAheadMs += fault.byMs;
      break;
    }
    case 'cut-off':
      cutOff(cluster, fault);
      break;
    case 'kill':
    case 'leave':
      cluster[fault.kind](fault.gateway);
      world.after(fault.backInMs, () => {
        if (cluster.gateways[fault.gateway] === undefined) cluster.start(fault.gateway);
      });
      break;
    case 'limit':
      cluster.changeLimit(fault.counter, fault.quota);
  }
}

function cutOff(cluster: Cluster, fault: Extract<Fault, { kind: 'cut-off' }>): void {
  const gateway = cluster.gateways[fault.gateway];
  if (gateway === undefined) return;
  gateway.link.cutOff(fault.silent ? 'silent' : 'refused');
  cluster.incident('cut-off', { gateway: gateway.number });
  cluster.world.after(fault.forMs, () => {
    gateway.link.reach();
    cluster.incident('reached', { gateway: gateway.number });
    if (!fault.silent) gateway.lossSuspected();
  });
}

function scheduleRollback(cluster: Cluster, fault: Extract<Fault, { kind: 'rollback' }>): void {
  const { world, server } = cluster;
  let snapshot: unknown;
  world.at(fault.atMs - fault.lagMs, () => {
    snapshot = server.ledgers.snapshot();
  });
  world.at(fault.atMs, () => loseData(cluster, snapshot));
}

function loseData(cluster: Cluster, snapshot?: unknown): void {
  const { world, server, random, scenario } = cluster;
  const restored = server.ledgers.restore(snapshot);
  if (restored !== undefined) world.waitFor(restored);
  if (snapshot === undefined) server.forgetRoster();
  cluster.incident('lost-data');
  for (const gateway of cluster.living) {
    world.after(random.below(scenario.noticedWithinMs), () => {
      cluster.beat(gateway);
      gateway.lossSuspected();
    });
  }
}
