// The dashboard's only door to the service: typed requests, a session that renews itself, readable failures.

export interface QueueCounts {
  ready: number;
  leased: number;
  dead: number;
}

export interface DeadLetter {
  id: string;
  url: string;
  reason: string;
  buriedAt: Date;
}

export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
    this.name = "ApiError";
  }

  /** The person must sign in again; no repetition helps. */
  get isSignedOut(): boolean {
    return this.status === 401;
  }
}

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export class ApiClient {
  private renewal: Promise<string> | null = null;

  constructor(
    private readonly baseUrl: string,
    private accessToken: string,
    private readonly fetchImpl: Fetch = fetch,
  ) {}

  queueCounts(): Promise<QueueCounts> {
    return this.request<QueueCounts>("GET", "/v1/queue");
  }

  async deadLetters(host: string): Promise<DeadLetter[]> {
    const rows = await this.request<Array<Record<string, string>>>("GET", `/v1/dead?host=${encodeURIComponent(host)}`);
    return rows.map((row) => ({
      id: row.id,
      url: row.url,
      reason: row.reason,
      buriedAt: new Date(Number(row.buried_at) * 1000),
    }));
  }

  resurrect(id: string): Promise<void> {
    return this.request<void>("POST", `/v1/dead/${id}/requeue`);
  }

  private async request<T>(method: string, path: string, body?: unknown, renewed = false): Promise<T> {
    const response = await this.fetchImpl(this.baseUrl + path, {
      method,
      headers: { Authorization: `Bearer ${this.accessToken}`, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.status === 401 && !renewed) {
      await this.renewSession();
      return this.request<T>(method, path, body, true);
    }
    if (!response.ok) {
      throw new ApiError(response.status, await describeFailure(response));
    }
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** Concurrent requests that all see a 401 share one renewal. */
  private async renewSession(): Promise<void> {
    this.renewal ??= this.fetchImpl(`${this.baseUrl}/v1/session`, { method: "POST", credentials: "include" })
      .then(async (response) => {
        if (!response.ok) throw new ApiError(401, "The session has ended.");
        return (await response.json()).token as string;
      })
      .finally(() => {
        this.renewal = null;
      });
    this.accessToken = await this.renewal;
  }
}

async function describeFailure(response: Response): Promise<string> {
  try {
    return (await response.json()).error ?? response.statusText;
  } catch {
    return response.statusText;
  }
}
