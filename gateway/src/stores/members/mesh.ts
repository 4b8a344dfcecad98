import type { GatewayId } from '../../limits/claim.ts';
import type { Message } from './messages.ts';

/** The port to the other members: an ordered connection to each that can be reached. */
export interface Mesh {
  /** Sends, unless there is no connection: then the message is lost, and `parted` tells. */
  send(to: GatewayId, message: Message): void;
  /** Tries to keep a connection to whoever runs at these addresses. */
  reach(addresses: readonly string[]): void;
  /** Ends the connection to a member that has fallen silent, so that a new one can be made as soon as the way is free. */
  drop(member: GatewayId): void;
  close(): Promise<void>;
}

export interface MeshEvents {
  /** A connection stands to a member that has proved that it belongs here. */
  met(member: GatewayId): void;
  parted(member: GatewayId): void;
  received(from: GatewayId, message: Message): void;
}
