const SECTIONS = [
  ["overview", "Overview"],
  ["breakdown-page", "Breakdowns"],
  ["funnel", "Behaviour"],
  ["tail", "Live"],
  ["pipeline", "Pipeline"],
] as const;

/** The page is long: to its parts. */
export function Sections() {
  return (
    <nav className="sections" aria-label="Parts of the page">
      {SECTIONS.map(([id, name]) => (
        <a key={id} href={`#${id}`}>
          {name}
        </a>
      ))}
    </nav>
  );
}
