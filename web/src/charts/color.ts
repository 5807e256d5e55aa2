// Colours of the style sheet, for a canvas.

let probe: HTMLElement | null = null;

/** What `name` is in the theme that is shown now, such as `rgb(11, 107, 120)`. */
export function color(name: `--${string}`): string {
  if (!probe) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** The same, let through in part. */
export function faint(name: `--${string}`, share: number): string {
  const parts = color(name).match(/[\d.]+/g)?.slice(0, 3) ?? ["0", "0", "0"];
  return `rgba(${parts.join(", ")}, ${share})`;
}
