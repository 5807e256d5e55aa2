import type { Funnel, FunnelStep } from "tidemark-client";
import * as format from "../../format";
import { ChartWithTable } from "../../parts/ChartWithTable";
import { Table } from "../../parts/Table";

const HEAD = ["Step", "Users", "Of the first", "Of the step before", "Lost", "Median time"];

/** Each step as a bar of the users who got so far, or the same numbers as a table. */
export function FunnelBars({ funnel }: { funnel: Funnel }) {
  const { steps, groups } = funnel;
  const rows = () => steps.map((step, at) => ({ key: String(at), cells: cells(step, at) }));
  return (
    <>
      <ChartWithTable id="funnel" label="Funnel by step" head={HEAD} rows={rows}>
        <ol className="funnel-bars">
          {steps.map((step, at) => (
            <Bar key={at} step={step} first={at === 0} />
          ))}
        </ol>
      </ChartWithTable>
      {groups && groups.length > 0 && <Groups groups={groups} />}
    </>
  );
}

function Bar({ step, first }: { step: FunnelStep; first: boolean }) {
  return (
    <li>
      <span className="funnel-name">{step.name}</span>
      <span className="funnel-track" aria-hidden="true">
        <span style={{ width: `${100 * (step.conversion ?? 0)}%` }} />
      </span>
      <span className="funnel-numbers">
        <b>{format.count(step.users)}</b> {first ? "users" : format.share(step.conversion)}
      </span>
    </li>
  );
}

function cells(step: FunnelStep, at: number): string[] {
  const median = step.median_seconds_from_previous;
  return [
    `${at + 1}. ${step.name}`,
    format.count(step.users),
    format.share(step.conversion),
    at === 0 ? format.NONE : format.share(step.step_conversion),
    at === 0 ? format.NONE : format.count(step.drop_off),
    median === null ? format.NONE : format.span(median * 1000),
  ];
}

function Groups({ groups }: { groups: NonNullable<Funnel["groups"]> }) {
  const names = groups[0]?.steps.map((step, at) => `${at + 1}. ${step.name}`) ?? [];
  return (
    <Table
      label="Funnel by group"
      head={["Group", ...names, "Conversion"]}
      rows={groups.map(({ key, steps }) => ({
        key,
        cells: [
          key === "" ? "(none)" : key,
          ...steps.map(({ users }) => format.count(users)),
          format.share(steps.at(-1)?.conversion),
        ],
      }))}
    />
  );
}
