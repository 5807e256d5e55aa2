import { SignOut } from "../session/SignOut";
import { FilterBar } from "./FilterBar";
import { CompareSelect } from "./CompareSelect";
import { Connection } from "./Connection";
import { HelpDialog } from "./HelpDialog";
import { Now } from "./Now";
import { RangeSwitch } from "./RangeSwitch";
import { Sections } from "./Sections";
import { ThemeSwitch } from "./ThemeSwitch";
import { ZoneMenu } from "./ZoneMenu";
import "./header.css";

/** How current everything is, and what is asked for. */
export function Header({ ingestion }: { ingestion: string | null }) {
  return (
    <header className="top">
      <div className="bar">
        <h1>
          <Mark /> Tidemark
        </h1>
        <Connection />
        <Now />
        <Sections />
        <div className="tools">
          <ZoneMenu />
          <ThemeSwitch />
          <HelpDialog />
          <SignOut ingestion={ingestion} />
        </div>
      </div>
      <div className="bar">
        <RangeSwitch />
        <CompareSelect />
        <FilterBar />
      </div>
    </header>
  );
}

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M5 12h22M5 20.5c3.7-3.6 7.3-3.6 11 0s7.3 3.6 11 0" />
    </svg>
  );
}
