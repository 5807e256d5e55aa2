import { useEffect, useId, useRef, type MouseEvent, type ReactNode } from "react";
import { Icon } from "./Icon";

interface Props {
  name: string;
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** The browser's own: it holds the focus, closes on Escape and gives the focus back. */
export function Dialog({ name, title, open, onClose, children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (open && dialog && !dialog.open) {
      dialog.showModal();
      dialog.querySelector<HTMLElement>("[data-first]")?.focus();
    }
    if (!open) dialog?.close();
  }, [open]);
  const outside = (event: MouseEvent) => {
    if (event.target === element.current) onClose();
  };
  return (
    <dialog ref={element} className={`dialog ${name}`} aria-labelledby={id} onClose={onClose} onMouseDown={outside}>
      {open && (
        <div className="dialog-inner">
          <div className="head">
            <h2 id={id}>{title}</h2>
            <button type="button" className="quiet icon-only" onClick={onClose} aria-label="Close">
              <Icon name="close" />
            </button>
          </div>
          {children}
        </div>
      )}
    </dialog>
  );
}
