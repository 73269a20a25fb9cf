/** One run of the server: its process, the language client that talks to it, and the custom requests, typed. */

import { type CancellationToken, type Disposable, type Uri, workspace } from 'vscode';
import { CloseAction, ErrorAction, ProgressType, RevealOutputChannelOn } from 'vscode-languageclient';
import { LanguageClient, State, type StreamInfo } from 'vscode-languageclient/node';
import type { Channels } from './channels';
import type { Commands, Hit, Notifications, PartialHits, Requests } from './protocol';
import type { ServerCommand } from './serverCommand';
import { lensMiddleware } from './serverLenses';
import { ServerProcess } from './serverProcess';
import { SECTION, serverOptions } from './settings';

/** The custom methods that this server has; one that does not say so is an older one. */
interface Experimental {
  readonly codeintel?: { readonly methods?: readonly string[] };
}

const PARTIAL_HITS = new ProgressType<PartialHits>();

/** Told of hits as they come; those of a better order `replace` all that came before. */
export type OnHits = (hits: readonly Hit[], replace: boolean) => void;

export interface ConnectionOptions {
  readonly command: ServerCommand;
  /** A folder of the extension, where the process starts. */
  readonly folder: string;
  readonly channels: Channels;
  readonly optionNames: readonly string[];
  readonly died: (lastWords: string) => void;
}

export class Connection implements Disposable {
  private process: ServerProcess | undefined;
  private closing = false;
  private serial = 0;

  private constructor(
    private readonly client: LanguageClient,
    private readonly options: ConnectionOptions,
  ) {}

  /** Start the server and shake hands. Throws what went wrong, `lastWords` of the process among it. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    let connection: Connection;
    const client = new LanguageClient(SECTION, 'codeintel', () => connection.startProcess(), {
      documentSelector: [{ scheme: 'file' }],
      initializationOptions: { trusted: workspace.isTrusted },
      outputChannel: options.channels.log,
      traceOutputChannel: options.channels.trace,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => connection.closed(),
      },
      middleware: {
        ...lensMiddleware,
        workspace: {
          configuration: async (params, token, next) => {
            const values = await next(params, token);
            return Array.isArray(values)
              ? values.map((value, at) =>
                  params.items[at]?.section === SECTION ? serverOptions(options.optionNames) : value,
                )
              : values;
          },
        },
      },
    });
    connection = new Connection(client, options);
    try {
      await client.start();
    } catch (error) {
      connection.closing = true;
      connection.process?.child.kill();
      const words = connection.process?.lastWords || (error instanceof Error ? error.message : String(error));
      throw new Error(words, { cause: error });
    }
    return connection;
  }

  get version(): string {
    return this.client.initializeResult?.serverInfo?.version ?? '';
  }

  /** Whether the server has this method or command, of those that not every version has. */
  has(name: string): boolean {
    const capabilities = this.client.initializeResult?.capabilities;
    const methods = (capabilities?.experimental as Experimental | undefined)?.codeintel?.methods ?? [];
    return methods.includes(name) || (capabilities?.executeCommandProvider?.commands.includes(name) ?? false);
  }

  request<M extends keyof Requests>(
    method: M,
    params: Requests[M][0],
    token?: CancellationToken,
  ): Promise<Requests[M][1]> {
    // an undefined token would be taken for a second parameter
    return token ? this.client.sendRequest(method, params, token) : this.client.sendRequest(method, params);
  }

  /** A request whose hits come in batches, each given to `onHits` before the answer. */
  async streamed<M extends 'codeintel/search' | 'codeintel/similar'>(
    method: M,
    params: Requests[M][0],
    onHits: OnHits,
    token: CancellationToken,
  ): Promise<Requests[M][1]> {
    const partialResultToken = `hits-${++this.serial}`;
    const listening = this.client.onProgress(PARTIAL_HITS, partialResultToken, ({ hits, replaces }) => {
      if (!token.isCancellationRequested) {
        onHits(hits, replaces ?? false);
      }
    });
    try {
      return await this.client.sendRequest(method, { ...params, partialResultToken }, token);
    } finally {
      listening.dispose();
    }
  }

  command<C extends keyof Commands>(command: C, params: Commands[C][0]): Promise<Commands[C][1]> {
    return this.client.sendRequest('workspace/executeCommand', { command, arguments: [params] });
  }

  onNotification<N extends keyof Notifications>(name: N, heard: (params: Notifications[N]) => void): void {
    this.client.onNotification(name, heard);
  }

  uriOf(uri: Uri): string {
    return this.client.code2ProtocolConverter.asUri(uri);
  }

  /** Let the server close its index and end; kill it where it does not. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.client.state === State.Running) {
      await this.client.stop(5_000).catch(error => this.options.channels.log.warn(`${error}`));
    }
    await this.client.dispose().catch(() => undefined);
    this.process?.child.kill();
  }

  dispose(): void {
    void this.close();
  }

  private async startProcess(): Promise<StreamInfo> {
    const { command, folder, channels } = this.options;
    channels.log.info(`starting ${[command.program, ...command.args].join(' ')} (${command.origin})`);
    this.process = await ServerProcess.start(command, folder, channels.log);
    const { stdout, stdin } = this.process.child;
    if (!stdout || !stdin) {
      throw new Error('the server has no standard streams');
    }
    return { reader: stdout, writer: stdin };
  }

  private closed() {
    if (!this.closing) {
      this.closing = true;
      this.options.died(this.process?.lastWords ?? '');
    }
    return { action: CloseAction.DoNotRestart, handled: true };
  }
}
