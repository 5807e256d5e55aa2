import { useEffect } from "react";
import { Breakdowns } from "./breakdowns/Breakdowns";
import { usePageConfig } from "./data/config";
import { useStanding } from "./data/standing";
import { Footer } from "./Footer";
import { Header } from "./header/Header";
import { useViewKeys } from "./header/useViewKeys";
import { Notice } from "./Notice";
import { Overview } from "./overview/Overview";
import { Panels } from "./panels/Panels";
import "./app.css";

export function App() {
  const config = usePageConfig();
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
      <Header />
      <Notice />
      <main id="main" tabIndex={-1}>
        <Overview ingestion={config?.ingestion ?? null} />
        <Breakdowns />
        <Panels ingestion={config?.ingestion ?? null} />
      </main>
      <Footer version={config?.version ?? null} />
    </>
  );
}
