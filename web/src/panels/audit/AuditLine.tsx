import { useState } from "react";
import type { Audit } from "tidemark-client";
import { useMetric, type MetricResult } from "tidemark-client/react";
import { inWords } from "../../data/words";
import { Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { Mark } from "../parts/Mark";
import { accounts, equation, verdict } from "./accounts";

const EVERY_MS = 5_000;
const HEAD = ["Source", "Accepted", "Stored", "Duplicates", "Dead-lettered", "In flight", "Verdict"];

/** Whether every event that was accepted is accounted for. */
export function AuditLine() {
  const asked = useMetric("audit", {}, { refetchInterval: EVERY_MS });
  const audit = asked.data;
  return (
    <Panel name="audit" title="Audit" aside={<State asked={asked} />}>
      {audit ? (
        <>
          <Equation audit={audit} />
          <Notes notes={audit.notes} />
          <Sources audit={audit} />
        </>
      ) : (
        <p className="aside">accepted = stored + duplicates + dead-lettered + in flight</p>
      )}
    </Panel>
  );
}

function State({ asked: { data, error } }: { asked: MetricResult<Audit> }) {
  if (error) {
    return <Mark tone="warn" text={`${data ? "not current" : "not known"}: ${inWords(error)}`} />;
  }
  if (!data) return <Mark tone="plain" text="not asked yet" />;
  const [tone, text] = verdict(data);
  return <Mark tone={tone} text={text} />;
}

function Equation({ audit }: { audit: Audit }) {
  const [accepted, ...parts] = equation(audit);
  return (
    <p className="audit-equation">
      <b>{accepted.number}</b> {accepted.name}
      {parts.map(({ name, number }, index) => (
        <span key={name}>
          {" "}
          {index === 0 ? "=" : "+"} <b>{number}</b> {name}
        </span>
      ))}
    </p>
  );
}

function Notes({ notes }: { notes: string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul className="audit-notes">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

function Sources({ audit }: { audit: Audit }) {
  const [open, setOpen] = useState(false);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>By source</summary>
      {open && (
        <Table
          label="Accounts by source"
          head={HEAD}
          rows={accounts(audit).map((cells) => ({ key: cells[0] ?? "", cells }))}
        />
      )}
    </details>
  );
}
