/** The extension's settings, typed, and those of them that are the server's to have. */

import { type ConfigurationScope, workspace } from 'vscode';
import type { ServerSettings } from './serverCommand';

export const SECTION = 'codeintel';

/** Options of the server begin with one of these; all other settings are the extension's own. */
const SERVER_SECTIONS = [
  'index.',
  'model.',
  'search.',
  'workers.',
  'scip.',
  'navigation.',
  'codeLens.',
  'hover.',
  'log.',
];

/** Settings that decide which server runs. */
export const SERVER_KEYS = ['server.path', 'server.from', 'server.interpreter'].map(name => `${SECTION}.${name}`);

export function serverSettings(): ServerSettings {
  const all = workspace.getConfiguration(`${SECTION}.server`);
  return {
    path: all.get('path', ''),
    from: all.get<ServerSettings['from']>('from', 'environment'),
    interpreter: all.get('interpreter', ''),
  };
}

export function limit(scope?: ConfigurationScope): number {
  return workspace.getConfiguration(SECTION, scope).get('view.limit', 50);
}

export function flag(name: 'view.groupByFile' | 'highlight.enabled' | 'view.codeLens'): boolean {
  return workspace.getConfiguration(SECTION).get(name, false);
}

/** The names of the server's options, as package.json has them. */
export function serverOptionNames(properties: Iterable<string>): string[] {
  const names = Array.from(properties, name => name.slice(SECTION.length + 1));
  return names.filter(name => SERVER_SECTIONS.some(section => name.startsWith(section)));
}

/**
 * What a person set of the server's options, as nested objects. Defaults are left out: the workspace's codeintel.toml
 * comes before them, and after what was set here.
 */
export function serverOptions(names: readonly string[]): Record<string, Record<string, unknown>> {
  const all = workspace.getConfiguration(SECTION);
  const options: Record<string, Record<string, unknown>> = {};
  for (const name of names) {
    const set = all.inspect(name);
    const value = set?.workspaceFolderValue ?? set?.workspaceValue ?? set?.globalValue;
    const [section, key] = name.split('.');
    if (section && key && value !== undefined && value !== null) {
      options[section] = { ...options[section], [key]: value };
    }
  }
  return options;
}
