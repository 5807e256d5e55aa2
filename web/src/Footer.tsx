export function Footer({ version }: { version: string | null }) {
  return (
    <footer>
      <p>
        Every number is the API’s: <a href="/docs">documentation</a>,{" "}
        <a href="/api/v1/metrics/summary">summary</a>, <a href="/api/v1/pipeline">pipeline</a>,{" "}
        <a href="/api/v1/audit">audit</a>, <a href="/api/v1/dead-letters">dead letters</a>.
      </p>
      {version && <p>Tidemark {version}</p>}
    </footer>
  );
}
