/** Says once, in a message with something to do, that the server cannot run; its state is shown elsewhere. */

import { commands, type Disposable, l10n, window } from 'vscode';
import type { Server } from './server';

export function announceFailures(server: Server): Disposable {
  let said = '';
  return server.onState(state => {
    if (state.kind === 'running') {
      said = '';
    }
    if (state.kind === 'failed' && state.reason !== said) {
      said = state.reason;
      void announce(state.reason, state.advice);
    }
  });
}

async function announce(reason: string, advice: string): Promise<void> {
  const actions: Record<string, [string, ...unknown[]]> = {
    [l10n.t('Restart')]: ['codeintel.restart'],
    [l10n.t('Show Logs')]: ['codeintel.showLogs'],
    [l10n.t('Settings')]: ['workbench.action.openSettings', 'codeintel.server'],
  };
  const chosen = await window.showErrorMessage(`codeintel: ${reason} ${advice}`, ...Object.keys(actions));
  const action = chosen && actions[chosen];
  if (action) {
    await commands.executeCommand(...action);
  }
}
