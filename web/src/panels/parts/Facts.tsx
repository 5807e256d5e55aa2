import type { Tone } from "./Mark";

export type Fact = [name: string, value: string, tone?: Tone];

export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value, tone = "plain"]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd data-state={tone}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
