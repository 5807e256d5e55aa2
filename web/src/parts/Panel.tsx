import { useId, type ReactNode } from "react";

interface Props {
  /** Class and `data-panel` of the section; the last word is its id. */
  name: string;
  title: string;
  /** Beside the title: a state, buttons. */
  aside?: ReactNode;
  children: ReactNode;
}

export function Panel({ name, title, aside, children }: Props) {
  const id = useId();
  return (
    <section id={name.split(" ").at(-1)} className={`panel ${name}`} data-panel={name} aria-labelledby={id}>
      <div className="head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
