interface Props {
  values: (number | null)[];
}

const WIDTH = 100;
const HEIGHT = 24;

/** The line's path in a box of 100 × 24; a gap where a value is missing. */
export function sparkPath(values: (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const top = Math.max(...known, 0);
  const bottom = Math.min(...known, 0);
  const step = values.length > 1 ? WIDTH / (values.length - 1) : 0;
  let path = "";
  let drawing = false;
  values.forEach((value, at) => {
    if (value !== null) {
      const y = top === bottom ? HEIGHT : HEIGHT - ((value - bottom) / (top - bottom)) * HEIGHT;
      path += `${drawing ? "L" : "M"}${(at * step).toFixed(2)} ${y.toFixed(2)}`;
    }
    drawing = value !== null;
  });
  return path;
}

/** What lies below the line, down to the box's bottom. */
export function sparkArea(values: (number | null)[]): string {
  const lines = sparkPath(values).split("M").filter(Boolean);
  return lines.map((line) => `M${line}V${HEIGHT}H${line.split(" ")[0]}Z`).join("");
}

/** The chart's shape in small. The tile beside it has the number, the chart's table all of them. */
export function Sparkline({ values }: Props) {
  return (
    <svg className="sparkline" viewBox={`0 -1 ${WIDTH} ${HEIGHT + 2}`} preserveAspectRatio="none" aria-hidden="true">
      <path className="sparkline-area" d={sparkArea(values)} />
      <path d={sparkPath(values)} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
