import { signOut, useSession } from "../data/session";

/** For who has signed in with a key. */
export function SignOut({ ingestion }: { ingestion: string | null }) {
  const session = useSession();
  if (session === null || session.name === null) return null;
  return (
    <button
      type="button"
      className="quiet"
      title={`Signed in with the key “${session.name}”, which may ${session.scopes.join(", ")}`}
      onClick={() => void signOut(ingestion)}
    >
      Sign out
    </button>
  );
}
