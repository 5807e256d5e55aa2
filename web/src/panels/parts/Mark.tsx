/** good, bad, warn and plain differ by a mark before the text, not by colour alone. */
export type Tone = "good" | "bad" | "warn" | "plain";

interface Props {
  tone: Tone;
  text: string;
  id?: string;
}

/** A word with a mark; a screen reader is told when it changes. */
export function Mark({ tone, text, id }: Props) {
  return (
    <p className="state" data-state={tone} role="status" id={id}>
      {text}
    </p>
  );
}
