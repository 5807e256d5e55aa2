import { scope } from "../data/questions";
import { useParam } from "../state/address";
import { useView, useZone } from "../state/view";
import { AuditLine } from "./audit/AuditLine";
import { FunnelView } from "./funnel/FunnelView";
import { GeneratorPanel } from "./generator/GeneratorPanel";
import { PipelinePanel } from "./pipeline/PipelinePanel";
import { RetentionView } from "./retention/RetentionView";
import { SessionDrawer } from "./session/SessionDrawer";
import { LiveTail } from "./tail/LiveTail";
import "./panels.css";

/** A parameter of the address that is null where it isn't there. */
function useText(name: string): [string | null, (text: string | null) => void] {
  const [text, setText] = useParam(name);
  return [text === "" ? null : text, (next) => setText(next ?? "")];
}

interface Props {
  /** Where the generator is controlled; null until it is known. */
  ingestion: string | null;
}

/** What users do, and how their events come here. */
export function Panels({ ingestion }: Props) {
  const tz = useZone();
  const query = scope(useView(), tz);
  const [funnel, setFunnel] = useText("funnel");
  const [retention, setRetention] = useText("retention");
  const [session, setSession] = useText("session");
  return (
    <div className="panels">
      <FunnelView query={query} state={funnel} onState={setFunnel} />
      <RetentionView query={query} state={retention} onState={setRetention} />
      <LiveTail filter={query.filter} tz={tz} onSession={setSession} />
      <PipelinePanel />
      <AuditLine />
      {ingestion !== null && <GeneratorPanel ingestion={ingestion} />}
      <SessionDrawer session={session} tz={tz} onClose={() => setSession(null)} />
    </div>
  );
}
