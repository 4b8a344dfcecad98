/** How a gateway and the others stand, about the files they share. */
export interface SharedStatus {
  readonly name: string;
  /**
   * `behind`: it doesn't take something from the others. `away`: their Redis doesn't answer; what is changed here goes on to the
   * others when it does. `failing`: it can't read or write its own files.
   */
  readonly state: 'in step' | 'behind' | 'away' | 'failing';
  /** The highest revision this gateway has looked at. */
  readonly revision: string;
  /** Files that were changed by hand and have another text elsewhere. */
  readonly changedByHand: readonly string[];
  /** What this gateway doesn't take from the others, and why. */
  readonly refused: readonly { readonly path: string; readonly why: string }[];
  /** Why it is away, or failing. */
  readonly trouble?: string;
}
