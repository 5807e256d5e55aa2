import { useId } from "react";
import { MOST_RATE, MOST_SECONDS } from "./limits";
import { NumberField } from "./NumberField";
import { begun, KINDS, PARAMETERS, stagesOf, stagesText } from "./profile";
import type { Kind, Profile, Stage } from "./settings";
import { TypedField } from "./TypedField";

interface Props {
  profile: Profile;
  /** Events per second now, which a new profile begins with. */
  rate: number;
  disabled: boolean;
  wrong: (pointer: string) => string | undefined;
  onChange: (profile: Profile) => void;
}

const IN_SECONDS = new Set(["seconds", "period", "every", "length"]);

/** Which way the rate moves, and by which numbers. */
export function ProfileFields({ profile, rate, disabled, wrong, onChange }: Props) {
  const id = useId();
  return (
    <fieldset className="generator-profile" disabled={disabled}>
      <legend>Profile</legend>
      <div className="field">
        <label htmlFor={id}>Kind</label>
        <select
          id={id}
          value={profile.kind}
          onChange={(event) => onChange(begun(event.currentTarget.value as Kind, rate))}
        >
          {Object.entries(KINDS).map(([kind, says]) => (
            <option key={kind} value={kind}>
              {says}
            </option>
          ))}
        </select>
      </div>
      {profile.kind === "stages" ? (
        <Stages stages={profile.stages} wrong={wrong("/profile")} onChange={onChange} />
      ) : (
        PARAMETERS[profile.kind].map(([name, label]) => (
          <NumberField
            key={`${profile.kind} ${name}`}
            label={label}
            value={(profile as unknown as Record<string, number>)[name] ?? 0}
            min={IN_SECONDS.has(name) ? 0.1 : 0}
            max={IN_SECONDS.has(name) ? MOST_SECONDS : MOST_RATE}
            disabled={disabled}
            wrong={wrong(`/profile/${name}`)}
            onChange={(value) => onChange({ ...profile, [name]: value })}
          />
        ))
      )}
    </fieldset>
  );
}

interface StagesProps {
  stages: Stage[];
  wrong: string | undefined;
  onChange: (profile: Profile) => void;
}

function Stages({ stages, wrong, onChange }: StagesProps) {
  return (
    <TypedField
      label="Stages, events/s x seconds"
      className="generator-stages"
      text={stagesText(stages)}
      read={stagesOf}
      says="write events per second x seconds, as in 1000x10, 5000x20"
      wrong={wrong}
      onChange={(read) => onChange({ kind: "stages", stages: read })}
    />
  );
}
