import { PeerServer } from '../../stores/peer/peer-server.ts';
import { systemClock } from '../../system-clock.ts';
import { tellParent } from '../parent.ts';
import { untilToldToEnd } from '../until-told-to-end.ts';

/** `sluice counters`: holds the counters for the gateways of this machine until it is told to end. */
export async function runCounters(socketPath: string): Promise<number> {
  const server = await PeerServer.listen(socketPath, () => systemClock.wallMs());
  process.stderr.write(`counters for the gateways of this machine: unix:${socketPath}\n`);
  tellParent({ listening: { socketPath } });
  await untilToldToEnd();
  await server.close();
  return 0;
}
