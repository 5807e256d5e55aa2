import { useState } from "react";
import { Icon } from "../parts/Icon";
import { Popover } from "../parts/Popover";
import { changeView, useView, useZone } from "../state/view";
import { browserZone, offsetText, searchZones } from "../state/zone";

const MOST = 40;

export function ZoneMenu() {
  const zone = useZone();
  const button = (
    <>
      <Icon name="globe" /> <span className="zone-name">{zone.replaceAll("_", " ")}</span>
    </>
  );
  return (
    <Popover name="zone" button={button} label={`Time zone: ${zone}`} title="Time zone">
      {(close) => <Zones close={close} />}
    </Popover>
  );
}

function Zones({ close }: { close: () => void }) {
  const view = useView();
  const [search, setSearch] = useState("");
  const own = browserZone();
  const choose = (zone: string | null) => {
    changeView({ zone });
    close();
  };
  const found = search.trim() === "" ? [] : searchZones(search, MOST);
  return (
    <>
      <ul className="menu">
        <Zone name={own} aside="this browser’s" chosen={view.zone === null} choose={() => choose(null)} />
        {own !== "UTC" && <Zone name="UTC" chosen={view.zone === "UTC"} choose={() => choose("UTC")} />}
        {view.zone !== null && view.zone !== "UTC" && (
          <Zone name={view.zone} chosen choose={() => choose(view.zone)} />
        )}
      </ul>
      <input
        type="search"
        placeholder="Search, such as Berlin"
        aria-label="Search time zones"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <ul className="menu zone-list">
        {found.map((name) => (
          <Zone key={name} name={name} chosen={view.zone === name} choose={() => choose(name)} />
        ))}
      </ul>
      {search.trim() !== "" && found.length === 0 && <p className="aside">No time zone is called that.</p>}
    </>
  );
}

interface ZoneProps {
  name: string;
  aside?: string;
  chosen: boolean;
  choose: () => void;
}

function Zone({ name, aside, chosen, choose }: ZoneProps) {
  return (
    <li>
      <button type="button" aria-pressed={chosen} onClick={choose}>
        <span>
          {name.replaceAll("_", " ")} {aside && <span className="aside">{aside}</span>}
        </span>
        <span className="aside">{offsetText(Date.now(), name)}</span>
      </button>
    </li>
  );
}
