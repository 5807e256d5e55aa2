// Sentences above the numbers on what is wrong at present, one for each cause.

import { byId } from "./dom";

const shown = new Map<string, HTMLParagraphElement>();

/** Says `text`, or nothing any more, about `cause`. */
export function notice(cause: string, text: string | null): void {
  let line = shown.get(cause);
  if (text === null) {
    line?.remove();
    shown.delete(cause);
    return;
  }
  if (!line) {
    line = document.createElement("p");
    line.className = "notice";
    shown.set(cause, line);
    byId("notices").append(line);
  }
  if (line.textContent !== text) line.textContent = text;
}
