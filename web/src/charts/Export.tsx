import { tidemark } from "../data/client";
import { scope } from "../data/questions";
import { Icon } from "../parts/Icon";
import { Popover } from "../parts/Popover";
import { useView, useZone } from "../state/view";

/** The events themselves, in the range and with the filters that are shown. */
export function Export() {
  const view = useView();
  const zone = useZone();
  const { from, to, filter } = scope(view, zone);
  const address = (format: "csv" | "ndjson") => tidemark.query.exportUrl({ from, to, filter, format });
  return (
    <Popover
      name="export"
      button={<Icon name="download" />}
      label="Export the events"
      title="Export the events"
      className="quiet icon-only"
    >
      {(close) => (
        <>
          <p className="aside">All events in this range, with these filters</p>
          <ul className="menu">
            <li>
              <a href={address("csv")} download onClick={close}>
                As CSV
              </a>
            </li>
            <li>
              <a href={address("ndjson")} download onClick={close}>
                As NDJSON, with their properties
              </a>
            </li>
          </ul>
        </>
      )}
    </Popover>
  );
}
