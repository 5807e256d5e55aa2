import { useRef } from "react";
import { PRESET } from "../state/range";
import { changeView, type Comparison } from "../state/view";
import { useShortcut } from "./shortcuts";

/** The keys that change what is looked at. */
export function useViewKeys(): void {
  const range = (preset: keyof typeof PRESET) => () => changeView({ range: { preset } });
  useShortcut(PRESET["15m"].key, range("15m"));
  useShortcut(PRESET["1h"].key, range("1h"));
  useShortcut(PRESET["24h"].key, range("24h"));
  useShortcut(PRESET["7d"].key, range("7d"));
  useShortcut(PRESET["30d"].key, range("30d"));
  const last = useRef<Comparison>("previous");
  useShortcut("X", () =>
    changeView(({ compare }) => {
      if (compare === "off") return { compare: last.current };
      last.current = compare;
      return { compare: "off" };
    }),
  );
  useShortcut("Escape", () => changeView({ filters: [] }));
}
