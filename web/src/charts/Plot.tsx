import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

interface Props {
  /** A new object makes a new plot: keep it while nothing but the data changes. */
  options: Omit<uPlot.Options, "width" | "height">;
  data: uPlot.AlignedData;
  height: number;
}

/** A uPlot as wide as its place. Its numbers must also be had as a table. */
export function Plot({ options, data, height }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const place = holder.current;
    if (!place) return;
    const width = Math.max(place.clientWidth, 100);
    const made = new uPlot({ ...options, width, height }, latest.current, place);
    plot.current = made;
    const resized = new ResizeObserver(() => {
      const now = place.clientWidth;
      if (now > 0 && now !== made.width) made.setSize({ width: now, height });
    });
    resized.observe(place);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [options, height]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  return <div className="plot" ref={holder} aria-hidden="true" />;
}
