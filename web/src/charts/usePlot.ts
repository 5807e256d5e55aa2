import { useMemo, useRef, useState } from "react";
import { custom } from "../state/range";
import { useDark } from "../state/theme";
import { changeView, useView, useZone } from "../state/view";
import { plotOptions, type Pointed } from "./options";
import { zoomed } from "./series";

/** A plot's options, what the pointer is at, and dragging as a new range. */
export function usePlot(starts: number[], end: number, groups: string | null, compared: boolean) {
  const { metric } = useView();
  const zone = useZone();
  const dark = useDark();
  const [at, setAt] = useState<Pointed | null>(null);
  const drawn = useRef({ starts, end });
  drawn.current = { starts, end };
  const options = useMemo(() => {
    const zoom = (left: number, right: number) => {
      const range = zoomed(drawn.current.starts, drawn.current.end, left, right);
      const text = (second: number) => new Date(second * 1000).toISOString();
      const chosen = range && custom(text(range[0]), text(range[1]));
      if (chosen) changeView({ range: chosen });
    };
    return plotOptions({ metric, zone, compared, groups, point: setAt, zoom });
    // The colours are those of the theme.
  }, [metric, zone, compared, groups, dark]);
  return { options, at };
}
