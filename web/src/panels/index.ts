import "./panels.css";

export { AuditLine } from "./audit/AuditLine";
export { FunnelView } from "./funnel/FunnelView";
export { GeneratorPanel } from "./generator/GeneratorPanel";
export { PipelinePanel } from "./pipeline/PipelinePanel";
export { RetentionView } from "./retention/RetentionView";
export { SessionDrawer } from "./session/SessionDrawer";
export { LiveTail } from "./tail/LiveTail";
