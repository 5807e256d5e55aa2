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
import { Bar } from "./Bar";

/** How current everything is, and what is asked for. */
export function Header({ ingestion }: { ingestion: string | null }) {
  return (
    <header className="top">
      <Bar>
        <Connection />
        <Now />
        <Sections />
        <div className="tools">
          <ZoneMenu />
          <ThemeSwitch />
          <HelpDialog />
          <SignOut ingestion={ingestion} />
        </div>
      </Bar>
      <div className="bar">
        <RangeSwitch />
        <CompareSelect />
        <FilterBar />
      </div>
    </header>
  );
}
