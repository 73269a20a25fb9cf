// Keeps a view fresh: polls while the page is visible, more slowly when nothing changes.

export interface PollerOptions {
  fastMs: number;
  slowMs: number;
  quietRounds: number;
}

const DEFAULTS: PollerOptions = { fastMs: 2_000, slowMs: 30_000, quietRounds: 5 };

export class Poller<T> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private quiet = 0;
  private last: string | undefined;

  constructor(
    private readonly load: () => Promise<T>,
    private readonly show: (value: T) => void,
    private readonly options: PollerOptions = DEFAULTS,
  ) {}

  start(): void {
    document.addEventListener("visibilitychange", this.onVisibility);
    void this.tick();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.onVisibility);
    clearTimeout(this.timer);
  }

  private readonly onVisibility = (): void => {
    clearTimeout(this.timer);
    if (!document.hidden) void this.tick();
  };

  private async tick(): Promise<void> {
    const value = await this.load();
    const text = JSON.stringify(value);
    this.quiet = text === this.last ? this.quiet + 1 : 0;
    this.last = text;
    this.show(value);
    this.timer = setTimeout(() => void this.tick(), this.interval());
  }

  private interval(): number {
    return this.quiet >= this.options.quietRounds ? this.options.slowMs : this.options.fastMs;
  }
}
