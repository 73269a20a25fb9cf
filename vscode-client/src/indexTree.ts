/** The Index view: each root with its counts, its languages and what was skipped, with the reasons. */

import {
  type Disposable,
  EventEmitter,
  l10n,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
} from 'vscode';
import { percent } from './languageStatus';
import type { RootStatus, StatusResult } from './protocol';
import type { Server } from './server';

/** How soon after a change the view asks again: each answer reads the index's size from the disk. */
const REFRESH_MS = 1_000;

export class IndexNode extends TreeItem {
  constructor(
    label: string,
    readonly value: string,
    icon: string,
    readonly children: IndexNode[] = [],
  ) {
    super(label, children.length > 0 ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None);
    this.description = value;
    this.iconPath = new ThemeIcon(icon);
    this.tooltip = value ? `${label}: ${value}` : label;
    this.accessibilityInformation = { label: this.tooltip };
  }
}

export class IndexTree implements TreeDataProvider<IndexNode>, Disposable {
  private readonly changed = new EventEmitter<void>();
  private timer: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly server: Server) {
    server.onState(() => this.changed.fire());
    server.onStatus(() => this.refreshSoon());
  }

  getTreeItem(node: IndexNode): IndexNode {
    return node;
  }

  async getChildren(node?: IndexNode): Promise<IndexNode[]> {
    if (node) {
      return node.children;
    }
    if (this.server.state.kind !== 'running') {
      return [];
    }
    try {
      return nodes(await this.server.request('codeintel/status', {}));
    } catch (error) {
      return [new IndexNode(l10n.t('No status'), error instanceof Error ? error.message : String(error), 'warning')];
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.changed.dispose();
  }

  private refreshSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.changed.fire();
    }, REFRESH_MS);
  }
}

function nodes(status: StatusResult): IndexNode[] {
  const roots = status.roots.map(rootNode);
  if (roots.length === 1 && roots[0]) {
    roots[0].collapsibleState = TreeItemCollapsibleState.Expanded;
  }
  const warnings = status.warnings.map(warning => new IndexNode(warning, '', 'warning'));
  const about = new IndexNode(l10n.t('Server'), status.version, 'server', [
    new IndexNode(l10n.t('Encoder'), status.encoder, 'symbol-misc'),
    new IndexNode(l10n.t('Static vectors'), status.staticTable, 'symbol-misc'),
    new IndexNode(l10n.t('Encoded since the start'), count(status.encoded), 'symbol-numeric'),
    new IndexNode(l10n.t('Known from the cache'), count(status.remembered), 'symbol-numeric'),
  ]);
  return [...warnings, ...roots, about];
}

function rootNode(root: RootStatus): IndexNode {
  const skipped = Object.values(root.skipped).reduce((sum, one) => sum + one, 0);
  const known = l10n.t(
    '{0} of {1}, {2} %',
    count(root.meaning),
    count(root.chunks),
    percent(root.meaning, root.chunks),
  );
  const node = new IndexNode(root.name, l10n.t('{0} files', count(root.files)), 'root-folder', [
    new IndexNode(l10n.t('Files'), count(root.files), 'files', counts(root.languages, 'symbol-file')),
    new IndexNode(l10n.t('Chunks'), count(root.chunks), 'symbol-snippet'),
    new IndexNode(l10n.t('Meaning'), known, 'lightbulb'),
    new IndexNode(l10n.t('Skipped'), count(skipped), 'circle-slash', counts(root.skipped, 'info')),
    new IndexNode(l10n.t('Unsaved'), count(root.live), 'edit'),
    new IndexNode(l10n.t('Changed since'), count(root.stale), 'history'),
    new IndexNode(l10n.t('Generation'), count(root.generation), 'versions'),
    new IndexNode(l10n.t('Size'), size(root.sizeBytes), 'database'),
    new IndexNode(l10n.t('Last indexed'), lastIndexed(root), 'clock'),
    new IndexNode(l10n.t('Kept in'), root.indexFolder ?? l10n.t('memory'), 'folder'),
    ...(root.following ? [new IndexNode(l10n.t('Written by another process'), '', 'lock')] : []),
  ]);
  node.resourceUri = Uri.parse(root.uri);
  node.id = root.uri;
  return node;
}

function counts(by: Record<string, number>, icon: string): IndexNode[] {
  return Object.entries(by).map(([name, number]) => new IndexNode(name, count(number), icon));
}

function count(number: number): string {
  return number.toLocaleString();
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function lastIndexed(root: RootStatus): string {
  return root.lastIndexedAt ? new Date(root.lastIndexedAt).toLocaleString() : l10n.t('never');
}
