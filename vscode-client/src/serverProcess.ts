/** The server's process: started without the workspace's doing, its log passed on, its last words kept. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { LogOutputChannel } from 'vscode';
import type { ServerCommand } from './serverCommand';

/** Lines of a dying server that are worth showing: a Python error ends with what went wrong. */
const LAST_WORDS = 20;

const LOG_LINE = /^\d{4}-\d\d-\d\d [\d:,]+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)$/;

export class ServerProcess {
  private readonly said: string[] = [];

  private constructor(readonly child: ChildProcess) {}

  /** Start it in a folder of the extension, so that nothing in the workspace can be taken for a program or module. */
  static async start(command: ServerCommand, folder: string, log: LogOutputChannel): Promise<ServerProcess> {
    const child = spawn(command.program, command.args, { cwd: folder, stdio: 'pipe', windowsHide: true });
    const process = new ServerProcess(child);
    child.stdin?.on('error', error => log.debug(`the server reads no more: ${error.message}`));
    createInterface({ input: child.stderr }).on('line', line => process.heard(line, log));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.once('exit', (code, signal) => log.info(`the server ended with ${signal ?? `exit code ${code}`}`));
    return process;
  }

  /** The last line that is an error of Python or of the server; empty where it said nothing. */
  get lastWords(): string {
    return this.said.findLast(line => /Error|error:|unrecognized/.test(line)) ?? this.said.at(-1) ?? '';
  }

  private heard(line: string, log: LogOutputChannel): void {
    const [, level, message] = LOG_LINE.exec(line) ?? [];
    if (level === undefined || message === undefined) {
      this.said.push(line);
      this.said.splice(0, this.said.length - LAST_WORDS);
      log.warn(line);
    } else if (level === 'ERROR' || level === 'CRITICAL') {
      log.error(message);
    } else if (level === 'WARNING') {
      log.warn(message);
    } else if (level === 'INFO') {
      log.info(message);
    } else {
      log.debug(message);
    }
  }
}
