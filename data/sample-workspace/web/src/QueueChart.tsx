import { useEffect, useState } from "react";
import type { ApiClient, QueueCounts } from "./apiClient";
import { formatAge, formatCount } from "./format";
import { Poller } from "./poller";

const HISTORY = 120;

interface Sample {
  at: number;
  counts: QueueCounts;
}

/** The backlog of the last minutes as a line, with the present figures beside it. */
export function QueueChart({ client }: { client: ApiClient }) {
  const [samples, setSamples] = useState<Sample[]>([]);

  useEffect(() => {
    const poller = new Poller(
      () => client.queueCounts(),
      (counts) => setSamples((old) => [...old, { at: Date.now(), counts }].slice(-HISTORY)),
    );
    poller.start();
    return () => poller.stop();
  }, [client]);

  const latest = samples.at(-1);
  if (!latest) return <p>Loading…</p>;
  return (
    <figure>
      <svg viewBox="0 0 120 40" role="img" aria-label="backlog">
        <polyline points={linePoints(samples)} fill="none" stroke="currentColor" />
      </svg>
      <figcaption>
        {formatCount(latest.counts.ready)} waiting, {formatCount(latest.counts.dead)} dead, as of{" "}
        {formatAge(Date.now() - latest.at)}
      </figcaption>
    </figure>
  );
}

function linePoints(samples: Sample[]): string {
  const highest = Math.max(1, ...samples.map((sample) => sample.counts.ready));
  return samples.map((sample, index) => `${index},${40 - (sample.counts.ready / highest) * 38}`).join(" ");
}
