/** Where the server is found: a path that was set, the environment, or the extension itself. Starts nothing. */

import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, relative } from 'node:path';

export type Origin = 'path' | 'environment' | 'bundled';

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly origin: Origin;
}

export interface ServerSettings {
  readonly path: string;
  readonly from: 'environment' | 'bundled';
  readonly interpreter: string;
}

/** Everything outside that the choice depends on, so that a test can lay it out. */
export interface Surroundings {
  readonly settings: ServerSettings;
  readonly trusted: boolean;
  readonly extensionFolder: string;
  readonly folders: readonly string[];
  readonly searchPath: string;
  readonly windows: boolean;
  isFile(path: string): Promise<boolean>;
  /** The interpreter chosen in the Python extension. */
  chosenInterpreter(): Promise<string | undefined>;
}

export type Missing = 'path' | 'environment' | 'bundled' | 'interpreter';

/** There is no server to run. */
export class ServerMissing extends Error {
  constructor(
    readonly missing: Missing,
    readonly place: string,
  ) {
    super(`no server: ${missing} ${place}`);
  }
}

/**
 * The server to run: the path that was set, then the environment, then what comes with the extension.
 * In a workspace that is not trusted only the last. Throws ServerMissing.
 */
export async function findServer(around: Surroundings): Promise<ServerCommand> {
  if (!around.trusted || around.settings.from === 'bundled') {
    return bundledServer(around);
  }
  if (around.settings.path) {
    const program = expanded(around.settings.path, around.folders);
    if (await around.isFile(program)) {
      return { program, args: [], origin: 'path' };
    }
    throw new ServerMissing('path', program);
  }
  const program = await inEnvironment(around);
  if (program) {
    return { program, args: [], origin: 'environment' };
  }
  try {
    return await bundledServer(around);
  } catch {
    throw new ServerMissing('environment', around.searchPath);
  }
}

async function inEnvironment(around: Surroundings): Promise<string | undefined> {
  const interpreter = around.settings.interpreter || (await around.chosenInterpreter());
  const beside = interpreter && join(expanded(interpreter, around.folders), '..', named('codeintel-server', around));
  if (beside && (await around.isFile(beside))) {
    return beside;
  }
  return onSearchPath(['codeintel-server'], around, around.searchPath.split(delimiter));
}

async function bundledServer(around: Surroundings): Promise<ServerCommand> {
  const bundle = join(around.extensionFolder, 'bundled');
  if (!(await around.isFile(join(bundle, 'libs', 'codeintel', '__init__.py')))) {
    throw new ServerMissing('bundled', bundle);
  }
  const program = await interpreterFor(around);
  return { program, args: ['-I', join(bundle, 'launch.py')], origin: 'bundled' };
}

/** The interpreter for the bundled server; a workspace that is not trusted has no say in it. */
async function interpreterFor(around: Surroundings): Promise<string> {
  const set = around.settings.interpreter && expanded(around.settings.interpreter, around.folders);
  const chosen = set || (around.trusted ? await around.chosenInterpreter() : undefined);
  const outside = around.searchPath.split(delimiter).filter(folder => !isWithin(folder, around.folders));
  const program = chosen || (await onSearchPath(['python3', 'python'], around, outside));
  if (program && (await around.isFile(program))) {
    return program;
  }
  throw new ServerMissing('interpreter', chosen || around.searchPath);
}

async function onSearchPath(
  programs: readonly string[],
  around: Surroundings,
  folders: readonly string[],
): Promise<string | undefined> {
  for (const program of programs) {
    for (const folder of folders.filter(isAbsolute)) {
      const path = join(folder, named(program, around));
      if (await around.isFile(path)) {
        return path;
      }
    }
  }
  return undefined;
}

function named(program: string, around: Surroundings): string {
  return around.windows ? `${program}.exe` : program;
}

function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some(folder => {
    const way = relative(folder, path);
    return way === '' || (!way.startsWith('..') && !isAbsolute(way));
  });
}

function expanded(path: string, folders: readonly string[]): string {
  const home = path.replace(/^~(?=$|[\\/])/, () => homedir());
  return home.replaceAll('${workspaceFolder}', () => folders[0] ?? '');
}
