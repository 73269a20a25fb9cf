/** The server as the rest of the extension sees it: it runs, is being started again, or cannot run, and says why. */

import { access, constants, stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  type CancellationToken,
  type Disposable,
  EventEmitter,
  type ExtensionContext,
  extensions,
  l10n,
  type Uri,
  workspace,
} from 'vscode';
import type { Channels } from './channels';
import type { Connection, OnHits } from './connection';
import type { Commands, Requests, StatusChanged } from './protocol';
import { Restarts } from './restarts';
import { findServer, type Missing, type ServerCommand, ServerMissing, type ServerSettings } from './serverCommand';
import { ServerOffline, type ServerState } from './serverState';
import { serverOptionNames, serverSettings } from './settings';

/** The oldest server whose answers this extension understands. */
const OLDEST_VERSION = [0, 1, 0] as const;

/** How often, and how far apart, the settings are looked at again where they lead to no server. */
const LOOKS = 10;
const LOOK_AGAIN_MS = 1_000;

export class Server implements Disposable {
  private readonly stateChanged = new EventEmitter<ServerState>();
  private readonly statusChanged = new EventEmitter<StatusChanged>();
  private readonly restarts = new Restarts();
  private readonly optionNames: readonly string[];
  private connection: Connection | undefined;
  private timer: NodeJS.Timeout | undefined;
  private exchanging: Promise<void> = Promise.resolve();
  private now: ServerState = { kind: 'stopped' };
  private told: StatusChanged | undefined;

  readonly onState = this.stateChanged.event;
  readonly onStatus = this.statusChanged.event;

  constructor(
    private readonly context: ExtensionContext,
    private readonly channels: Channels,
  ) {
    const { configuration } = context.extension.packageJSON.contributes;
    const properties = configuration.flatMap((part: { properties: object }) => Object.keys(part.properties));
    this.optionNames = serverOptionNames(properties);
  }

  get state(): ServerState {
    return this.now;
  }

  /** What the server last told of its index; undefined while none runs. */
  get status(): StatusChanged | undefined {
    return this.told;
  }

  /** Start it, in place of one that runs; a person's wish, so that earlier deaths do not count. */
  start(): Promise<void> {
    this.restarts.forget();
    return this.exchange();
  }

  has(name: string): boolean {
    return this.connection?.has(name) ?? false;
  }

  async request<M extends keyof Requests>(
    method: M,
    params: Requests[M][0],
    token?: CancellationToken,
  ): Promise<Requests[M][1]> {
    return this.running().request(method, params, token);
  }

  async streamed<M extends 'codeintel/search' | 'codeintel/similar'>(
    method: M,
    params: Requests[M][0],
    onHits: OnHits,
    token: CancellationToken,
  ): Promise<Requests[M][1]> {
    return this.running().streamed(method, params, onHits, token);
  }

  async command<C extends keyof Commands>(command: C, params: Commands[C][0]): Promise<Commands[C][1]> {
    return this.running().command(command, params);
  }

  uriOf(uri: Uri): string {
    return this.running().uriOf(uri);
  }

  /** Shut the server down, so that its index is closed in order; resolves when it has ended. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    const connection = this.connection;
    this.connection = undefined;
    this.told = undefined;
    await connection?.close();
  }

  dispose(): void {
    void this.stop();
    this.stateChanged.dispose();
    this.statusChanged.dispose();
  }

  private running(): Connection {
    if (!this.connection) {
      throw new ServerOffline();
    }
    return this.connection;
  }

  private exchange(): Promise<void> {
    clearTimeout(this.timer);
    this.exchanging = this.exchanging.then(() => this.exchangeNow());
    return this.exchanging;
  }

  private async exchangeNow(): Promise<void> {
    await this.stop();
    if (!workspace.workspaceFolders?.some(folder => folder.uri.scheme === 'file')) {
      this.become({ kind: 'noFolder' });
      return;
    }
    this.become({ kind: 'starting' });
    let command: ServerCommand;
    const settings = serverSettings();
    try {
      command = await this.find(settings);
    } catch (error) {
      this.become({ kind: 'failed', ...missing(error) });
      this.lookAgain(settings, LOOKS);
      return;
    }
    await this.open(command);
  }

  private async open(command: ServerCommand): Promise<void> {
    const folder = this.context.extensionPath;
    try {
      // most of the extension's code, which activation must not wait for
      const { Connection } = await import('./connection');
      const connection = await Connection.open({
        command,
        folder,
        channels: this.channels,
        optionNames: this.optionNames,
        died: lastWords => this.died(connection, lastWords),
      });
      this.opened(connection, command);
    } catch (error) {
      this.failed(error instanceof Error ? error.message : String(error), command);
    }
  }

  private opened(connection: Connection, command: ServerCommand): void {
    const { version } = connection;
    if (isOlder(version)) {
      connection.dispose();
      this.become({
        kind: 'failed',
        reason: l10n.t('{0} is version {1}, which is too old.', command.program, version || '?'),
        advice: l10n.t('Install version {0} or newer of codeintel.', OLDEST_VERSION.join('.')),
      });
      return;
    }
    this.connection = connection;
    connection.onNotification('codeintel/statusChanged', status => {
      this.told = status;
      this.statusChanged.fire(status);
    });
    this.become({ kind: 'running', version });
  }

  private died(connection: Connection, lastWords: string): void {
    if (this.connection === connection) {
      this.connection = undefined;
      this.told = undefined;
      connection.dispose();
      this.startLater(lastWords || l10n.t('The server ended unexpectedly.'));
    }
  }

  private failed(reason: string, command: ServerCommand): void {
    this.channels.log.error(`${command.program} does not start: ${reason}`);
    this.startLater(reason);
  }

  private startLater(reason: string): void {
    const delayMs = this.restarts.died(Date.now());
    if (delayMs === undefined) {
      this.become({
        kind: 'failed',
        reason: l10n.t('The server ended {0} times in a row: {1}', this.restarts.count, reason),
        advice: l10n.t('The log tells more. It is started again when you say so.'),
      });
      return;
    }
    this.become({ kind: 'waiting', reason, delayMs });
    this.timer = setTimeout(() => void this.exchange(), delayMs);
  }

  /** In a remote window a person's settings can come after activation, and then without an event. */
  private lookAgain(asked: ServerSettings, looks: number): void {
    this.timer = setTimeout(() => {
      if (!isDeepStrictEqual(serverSettings(), asked)) {
        void this.exchange();
      } else if (looks > 1) {
        this.lookAgain(asked, looks - 1);
      }
    }, LOOK_AGAIN_MS);
  }

  private become(state: ServerState): void {
    this.now = state;
    this.channels.log.info(`server: ${Object.values(state).join(', ')}`);
    this.stateChanged.fire(state);
  }

  private find(settings: ServerSettings): Promise<ServerCommand> {
    return findServer({
      settings,
      trusted: workspace.isTrusted,
      extensionFolder: this.context.extensionPath,
      folders: (workspace.workspaceFolders ?? []).map(folder => folder.uri.fsPath),
      searchPath: process.env.PATH ?? '',
      windows: process.platform === 'win32',
      isFile: isExecutable,
      chosenInterpreter,
    });
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, path.endsWith('.py') ? constants.R_OK : constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** What the Python extension, if there is one, was told to use. */
async function chosenInterpreter(): Promise<string | undefined> {
  const python = extensions.getExtension('ms-python.python');
  if (!python) {
    return undefined;
  }
  try {
    const api = await python.activate();
    return api.environments.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]?.uri).path;
  } catch {
    return undefined; // an extension of that name with another interface
  }
}

function isOlder(version: string): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (!parts) {
    return true;
  }
  const at = OLDEST_VERSION.findIndex((oldest, index) => parts[index] !== oldest);
  return at >= 0 && (parts[at] ?? 0) < (OLDEST_VERSION[at] ?? 0);
}

function missing(error: unknown): { reason: string; advice: string } {
  if (!(error instanceof ServerMissing)) {
    return { reason: String(error), advice: '' };
  }
  const install = l10n.t('Install codeintel (pip install codeintel), or set codeintel.server.path.');
  const reasons: Record<Missing, string> = {
    path: l10n.t('There is no program at {0}, where codeintel.server.path points.', error.place),
    environment: l10n.t('codeintel-server is neither in the Python environment nor on the PATH.'),
    bundled: l10n.t('This build of the extension brings no server of its own.'),
    interpreter: l10n.t('No Python interpreter was found for the server that comes with the extension.'),
  };
  const advice: Record<Missing, string> = {
    path: l10n.t('Correct the setting.'),
    environment: install,
    bundled: workspace.isTrusted
      ? install
      : l10n.t('A workspace that is not trusted can use no other. Trust it, if you do, to use an installed server.'),
    interpreter: l10n.t('Set codeintel.server.interpreter.'),
  };
  return { reason: reasons[error.missing], advice: advice[error.missing] };
}
