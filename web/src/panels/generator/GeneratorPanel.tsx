import { Panel } from "../../parts/Panel";
import { Facts } from "../parts/Facts";
import { Mark } from "../parts/Mark";
import { FaultFields } from "./FaultFields";
import { facts, stateOf } from "./facts";
import { ProfileFields } from "./ProfileFields";
import { RateControl } from "./RateControl";
import type { View } from "./settings";
import { useGenerator, type Generator } from "./useGenerator";

/** The synthetic source's controls; every change goes to ingestion as it is made. */
export function GeneratorPanel({ ingestion }: { ingestion: string }) {
  const generator = useGenerator(ingestion);
  const { view, unreachable, allowed, problem, discard } = generator;
  return (
    <Panel name="generator" title="Generator" aside={<State generator={generator} />}>
      <div role="alert" className="problem">
        {unreachable !== null && <p>It can’t be controlled: {unreachable}.</p>}
        {problem !== null && <p>{problem}</p>}
      </div>
      {!allowed && (
        <p className="aside">
          It can be looked at only: your key lacks the scope <code>control</code>.
        </p>
      )}
      {problem !== null && (
        <button type="button" onClick={discard}>
          Back to what is in effect
        </button>
      )}
      {view && <Controls generator={generator} view={view} />}
    </Panel>
  );
}

function State({ generator: { view, unreachable } }: { generator: Generator }) {
  if (unreachable !== null) return <Mark tone="warn" text="ingestion is not reachable" />;
  if (!view) return <Mark tone="plain" text="not known yet" />;
  const [tone, text] = stateOf(view);
  return <Mark tone={tone} text={text} />;
}

function Controls({ generator, view }: { generator: Generator; view: View }) {
  const { unreachable, allowed, fields, change } = generator;
  const disabled = unreachable !== null || !allowed;
  const wrong = (pointer: string) => fields.find((field) => field.pointer === pointer)?.detail;
  const constant = view.profile.kind === "constant";
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <div className="generator-first">
        <button
          type="button"
          className="primary"
          disabled={disabled}
          onClick={() => change({ running: !view.running })}
        >
          {view.running ? "Stop" : "Start"}
        </button>
        <RateControl
          rate={view.rate}
          disabled={disabled || !constant}
          wrong={wrong("/rate")}
          onChange={(rate) => change({ rate })}
        />
      </div>
      {!constant && <p className="aside">The profile {view.profile.kind} names its own rates.</p>}
      <Facts facts={facts(view)} />
      <details>
        <summary>Profile, arrivals and faults</summary>
        <ProfileFields
          profile={view.profile}
          rate={view.rate}
          disabled={disabled}
          wrong={wrong}
          onChange={(profile) => change({ profile })}
        />
        <Arrivals view={view} disabled={disabled} change={change} />
        <FaultFields
          faults={view.faults}
          disabled={disabled}
          wrong={wrong}
          onChange={(faults) => change({ faults })}
        />
      </details>
    </form>
  );
}

interface ArrivalsProps {
  view: View;
  disabled: boolean;
  change: Generator["change"];
}

function Arrivals({ view, disabled, change }: ArrivalsProps) {
  const arrivals = (poisson: boolean) => (poisson ? "poisson" : "uniform");
  return (
    <fieldset className="generator-arrivals" disabled={disabled}>
      <legend>Arrivals</legend>
      <label>
        <input
          type="checkbox"
          checked={view.arrivals === "poisson"}
          onChange={(event) => change({ arrivals: arrivals(event.currentTarget.checked) })}
        />{" "}
        Poisson process instead of even gaps
      </label>
      <label>
        <input
          type="checkbox"
          checked={view.day_shape}
          onChange={(event) => change({ day_shape: event.currentTarget.checked })}
        />{" "}
        The rate follows the hour of the day
      </label>
    </fieldset>
  );
}
