import { useId, useState, type FormEvent } from "react";
import { signIn, type Session } from "../data/session";
import { Bar } from "../header/Bar";
import { ThemeSwitch } from "../header/ThemeSwitch";
import "./session.css";

interface Props {
  session: Session;
  /** Where the generator is controlled; null until it is known. */
  ingestion: string | null;
}

/** In place of everything else, for who has no key that may read. */
export function SignIn({ session, ingestion }: Props) {
  return (
    <>
      <header className="top">
        <Bar>
          <div className="tools">
            <ThemeSwitch />
          </div>
        </Bar>
      </header>
      <main id="main">
        <Form session={session} ingestion={ingestion} />
      </main>
    </>
  );
}

function Form({ session, ingestion }: Props) {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = new FormData(event.currentTarget).get("key");
    setBusy(true);
    try {
      await signIn(String(key), ingestion);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <form className="panel sign-in" onSubmit={(event) => void submit(event)} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Sign in</h2>
      <p id={`${id}-help`}>
        {session.name === null
          ? "The numbers are for those who have a key."
          : `The key “${session.name}” may ${session.scopes.join(", ")}, but not read.`}{" "}
        <code>api keys create --name NAME --scope read</code> makes one.
      </p>
      <div className="field">
        <label htmlFor={id}>Key</label>
        <input
          id={id}
          name="key"
          type="password"
          required
          autoFocus
          autoComplete="current-password"
          spellCheck={false}
          aria-invalid={problem !== null}
          aria-describedby={`${id}-help ${id}-problem`}
        />
      </div>
      <p className="problem" role="alert" id={`${id}-problem`}>
        {problem !== null && `Not signed in: ${problem}.`}
      </p>
      <button type="submit" className="primary" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}
