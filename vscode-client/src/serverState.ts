/** What can be said of the server at a moment; the one value that status item, view and commands look at. */

export type ServerState =
  | { readonly kind: 'noFolder' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly version: string }
  | { readonly kind: 'waiting'; readonly reason: string; readonly delayMs: number }
  | { readonly kind: 'failed'; readonly reason: string; readonly advice: string }
  | { readonly kind: 'stopped' };

/** A request found no server to take it. */
export class ServerOffline extends Error {
  constructor() {
    super('the server is not running');
  }
}
