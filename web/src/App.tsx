import { useEffect } from "react";
import { Breakdowns } from "./breakdowns/Breakdowns";
import { usePageConfig } from "./data/config";
import { may, recognise, useSession } from "./data/session";
import { useStanding } from "./data/standing";
import { Footer } from "./Footer";
import { Header } from "./header/Header";
import { useViewKeys } from "./header/useViewKeys";
import { Notice } from "./Notice";
import { Overview } from "./overview/Overview";
import { Panels } from "./panels/Panels";
import { SignIn } from "./session/SignIn";
import "./app.css";

/** The page, for those who may read. */
export function App() {
  const config = usePageConfig();
  const session = useSession();
  useEffect(() => void recognise(), []);
  if (session === null) return null;
  const ingestion = config?.ingestion ?? null;
  if (!may(session, "read")) return <SignIn session={session} ingestion={ingestion} />;
  return <Page ingestion={ingestion} version={config?.version ?? null} />;
}

function Page({ ingestion, version }: { ingestion: string | null; version: string | null }) {
  const { trouble, answeredAt } = useStanding();
  const stale = trouble !== null && answeredAt !== null;
  useViewKeys();
  useEffect(() => {
    document.documentElement.toggleAttribute("data-stale", stale);
  }, [stale]);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the numbers
      </a>
      <Header ingestion={ingestion} />
      <Notice />
      <main id="main" tabIndex={-1}>
        <Overview ingestion={ingestion} />
        <Breakdowns />
        <Panels ingestion={ingestion} />
      </main>
      <Footer version={version} />
    </>
  );
}
