/** When a server that died is started again: sooner at first, then later, and not for ever. Starts nothing. */

const DELAYS_MS = [500, 1_000, 2_000, 4_000];

/** The window in which deaths count as a row, as in VS Code's own client. */
const WINDOW_MS = 180_000;

export class Restarts {
  private deaths: number[] = [];

  /** The server died `now`: after how many milliseconds to start it again, undefined once that is pointless. */
  died(now: number): number | undefined {
    this.deaths = [...this.deaths.filter(time => now - time < WINDOW_MS), now];
    return DELAYS_MS[this.deaths.length - 1];
  }

  /** How many deaths count at this moment. */
  get count(): number {
    return this.deaths.length;
  }

  /** A person asked for a start: earlier deaths are of no concern any more. */
  forget(): void {
    this.deaths = [];
  }
}
