/** The server's state and how far its index reaches, among the language status items. */

import { type Command, type Disposable, LanguageStatusSeverity, l10n, languages } from 'vscode';
import type { StatusChanged } from './protocol';
import type { Server } from './server';
import type { ServerState } from './serverState';

interface Shown {
  readonly text: string;
  readonly detail: string;
  readonly severity: LanguageStatusSeverity;
  readonly busy: boolean;
  readonly command: Command;
}

export function showLanguageStatus(server: Server): Disposable {
  const item = languages.createLanguageStatusItem('codeintel.status', { scheme: 'file' });
  item.name = 'codeintel';
  const show = () => {
    Object.assign(item, shown(server.state, server.status));
    item.accessibilityInformation = { label: `codeintel: ${item.text}. ${item.detail ?? ''}` };
  };
  show();
  const listening = [server.onState(show), server.onStatus(show)];
  return {
    dispose: () => {
      for (const one of [item, ...listening]) {
        one.dispose();
      }
    },
  };
}

function shown(state: ServerState, status: StatusChanged | undefined): Shown {
  const { Information, Warning, Error: Failure } = LanguageStatusSeverity;
  const details = { title: l10n.t('Details'), command: 'codeintel.showStatus' };
  const restart = { title: l10n.t('Restart'), command: 'codeintel.restart' };
  const plain = { detail: '', severity: Information, busy: false, command: details };
  switch (state.kind) {
    case 'noFolder':
      return { ...plain, text: l10n.t('no folder') };
    case 'starting':
      return { ...plain, text: l10n.t('starting'), busy: true };
    case 'waiting':
      return { ...plain, text: l10n.t('starting again'), detail: state.reason, severity: Warning, busy: true };
    case 'failed':
      return { ...plain, text: l10n.t('not running'), detail: state.reason, severity: Failure, command: restart };
    case 'stopped':
      return { ...plain, text: l10n.t('stopped'), command: restart };
    case 'running':
      return status ? { ...plain, ...ofIndex(status) } : { ...plain, text: l10n.t('opening the index'), busy: true };
  }
}

function ofIndex({
  state,
  message,
  chunks,
  meaning,
  live,
  following,
}: StatusChanged): Partial<Shown> & { text: string } {
  const parts = [l10n.t('{0} chunks', chunks.toLocaleString()), l10n.t('meaning {0} %', percent(meaning, chunks))];
  if (live > 0) {
    parts.push(l10n.t('{0} unsaved', live));
  }
  if (following) {
    parts.push(l10n.t('written by another window'));
  }
  const detail = [message, parts.join(', ')].filter(Boolean).join(' · ');
  const severity = state === 'trouble' ? LanguageStatusSeverity.Warning : LanguageStatusSeverity.Information;
  const text = { indexing: l10n.t('indexing'), ready: l10n.t('ready'), trouble: l10n.t('trouble') }[state] ?? state;
  return { text, detail, severity, busy: state === 'indexing' };
}

/** Rounded down, so that 100 means all. */
export function percent(part: number, whole: number): number {
  return whole > 0 ? Math.floor((100 * part) / whole) : 100;
}
