import { useEffect, useId, useLayoutEffect, useRef, useState, type ReactNode } from "react";

/** Pixels between what opens and the edges of the window. */
const MARGIN = 8;

interface Props {
  name: string;
  /** What is on the button. */
  button: ReactNode;
  /** The button's name, where what is on it doesn't say. */
  label?: string | undefined;
  title?: string | undefined;
  className?: string;
  /** What a function is given closes it. */
  children: (close: () => void) => ReactNode;
}

/** A button and what it opens below itself; Escape and a click elsewhere close it. */
export function Popover({ name, button, label, title, className = "quiet", children }: Props) {
  const [open, setOpen] = useState(false);
  const holder = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  useLayoutEffect(() => {
    if (open && box.current) keepInside(box.current);
  }, [open]);
  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: Event) => {
      if (!holder.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close();
    };
    const element = holder.current;
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    element?.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
      element?.removeEventListener("keydown", escape);
    };
  }, [open]);
  return (
    <div className={`popover-holder ${name}`} ref={holder}>
      <button
        ref={opener}
        type="button"
        className={className}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        title={title}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div className="popover" id={id} ref={box}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** It hangs from the button's right end; where that puts it outside of the window, it moves in. */
function keepInside(box: HTMLElement): void {
  const { left, right } = box.getBoundingClientRect();
  const most = document.documentElement.clientWidth - MARGIN;
  const move = left < MARGIN ? MARGIN - left : Math.min(0, most - right);
  if (move !== 0) box.style.translate = `${move}px`;
}
