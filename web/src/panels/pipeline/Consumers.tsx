import type { Pipeline } from "tidemark-client";
import * as format from "../../format";
import { Table } from "../../parts/Table";

/** The lanes that read the stream, and what each has read and not yet acknowledged. */
export function Consumers({ it: { consumers, pending } }: { it: Pipeline }) {
  if (consumers.length === 0) return <p className="aside">none: is the consumer running?</p>;
  return (
    <>
      <p className="aside">
        {pending === null ? format.NONE : format.plural(pending, "entry", "entries")} read, not yet
        acknowledged
      </p>
      <Table
        label="Consumers"
        head={["Lane", "Pending", "Idle"]}
        rows={consumers.map(({ name, pending: own, idle_ms }) => ({
          key: name,
          cells: [name, format.count(own), format.span(idle_ms)],
        }))}
      />
    </>
  );
}
