const PATHS = {
  close: "M4 4l8 8M12 4l-8 8",
  info: "M8 7v4.5M8 4.6v.1M14.2 8A6.2 6.2 0 1 1 1.8 8a6.2 6.2 0 0 1 12.4 0z",
  table: "M2 3h12v10H2zM2 6.5h12M2 9.8h12M6 6.5V13",
  chart: "M2 2v12h12M5 10l3-4 2.5 2L14 4",
  download: "M8 2v8M4.8 7L8 10.2 11.2 7M2.5 13.5h11",
  filter: "M2 3h12L9.5 8.5V13l-3-1.5v-3z",
  globe: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0zM2 8h12M8 2c4 4 4 8 0 12M8 2c-4 4-4 8 0 12",
  help: "M6 6.2a2 2 0 1 1 2.9 1.8c-.7.4-.9.8-.9 1.5M8 11.6v.1M14.2 8A6.2 6.2 0 1 1 1.8 8a6.2 6.2 0 0 1 12.4 0z",
  auto: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0zM8 2v12M8 5h4.5M8 8h6M8 11h4.5",
  light: "M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9L13 13M3 13l1.1-1.1M11.9 4.1L13 3M10.8 8a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0z",
  dark: "M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z",
  calendar: "M2 3.5h12V14H2zM2 6.8h12M5 2v3M11 2v3",
} as const;

type IconName = keyof typeof PATHS;

/** Beside words, or on a button that has a name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
