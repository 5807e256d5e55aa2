import { useRef } from "react";
import { Icon } from "../parts/Icon";
import { Popover } from "../parts/Popover";
import { describe, type Filter } from "../state/filters";
import { changeView, useView } from "../state/view";
import { FilterForm } from "./FilterForm";

/** The filters that are set, each with a button that takes it away. */
export function FilterBar() {
  const { filters } = useView();
  const bar = useRef<HTMLDivElement>(null);
  /** The button that was pressed goes with its filter: the focus moves to the one that adds filters. */
  const leave = (left: Filter[]) => {
    changeView({ filters: left });
    bar.current?.querySelector("button")?.focus();
  };
  const without = (gone: number) => leave(filters.filter((_, at) => at !== gone));
  const button = (
    <>
      <Icon name="filter" /> Filter
    </>
  );
  return (
    <div className="filters" ref={bar}>
      <Popover name="filter-add" button={button}>
        {(close) => <FilterForm close={close} />}
      </Popover>
      {filters.length > 0 && (
        <ul className="chips" aria-label="Filters">
          {filters.map((filter, at) => (
            <li key={describe(filter)} className="chip">
              <span title={describe(filter)}>{describe(filter)}</span>
              <button type="button" aria-label={`Remove the filter: ${describe(filter)}`} onClick={() => without(at)}>
                <Icon name="close" />
              </button>
            </li>
          ))}
          {filters.length > 1 && (
            <li>
              <button type="button" className="quiet" title="Esc" onClick={() => leave([])}>
                Clear all
              </button>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
