import type { ReactNode } from "react";
import type { Pointed } from "./options";

interface Props {
  at: Pointed;
  title: string;
  children: ReactNode;
}

const ROOM = 200;

/** What is under the pointer, on the side where there is room. */
export function Tip({ at, title, children }: Props) {
  const right = at.left + ROOM > at.width;
  const place = right ? { right: `${at.width - at.left + 12}px` } : { left: `${at.left + 12}px` };
  return (
    <div className="tip" style={place} aria-hidden="true">
      <p>{title}</p>
      {children}
    </div>
  );
}
