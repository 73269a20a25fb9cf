/** The output channels: what extension and server log, and the trace of their messages. */

import { type LogOutputChannel, window } from 'vscode';

export interface Channels {
  readonly log: LogOutputChannel;
  readonly trace: LogOutputChannel;
}

export function openChannels(): Channels {
  return {
    log: window.createOutputChannel('codeintel', { log: true }),
    trace: window.createOutputChannel('codeintel trace', { log: true }),
  };
}
