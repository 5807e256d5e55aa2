import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { may, useSession } from "../../data/session";
import { Ingestion, Refused, type FieldError } from "./ingestion";
import { Sender } from "./sender";
import { applied, type Change, type View } from "./settings";

const EVERY_MS = 1_000;

export interface Generator {
  /** The settings as they are and, where they were changed here, as they are asked to be. */
  view: View | null;
  /** Why ingestion can't be told anything at present. */
  unreachable: string | null;
  /** Whether the key may change something. */
  allowed: boolean;
  /** Why the last change was not made. */
  problem: string | null;
  fields: FieldError[];
  change: (change: Change) => void;
  /** Back to what is in effect. */
  discard: () => void;
}

interface Report {
  view: View | null;
  unreachable: string | null;
}

interface Asked extends Report {
  /** What a change was answered with; whatever is on its way from before is older. */
  put: (view: View) => void;
}

export function useGenerator(origin: string): Generator {
  const ingestion = useMemo(() => new Ingestion(origin), [origin]);
  const { view: known, unreachable, put } = useReport(ingestion);
  const session = useSession();
  const [draft, setDraft] = useState<Change | null>(null);
  const [refusal, setRefusal] = useState<Error | null>(null);
  const sender = useMemo(
    () =>
      new Sender<View>({
        put: (change) => ingestion.change(change),
        settled: (view) => {
          put(view);
          setDraft(null);
          setRefusal(null);
        },
        failed: (error) => setRefusal(error),
      }),
    [ingestion, put],
  );
  useEffect(() => () => sender.discard(), [sender]);

  const change = useCallback((wanted: Change) => setDraft(sender.send(wanted)), [sender]);
  const discard = useCallback(() => {
    sender.discard();
    setDraft(null);
    setRefusal(null);
  }, [sender]);
  return {
    view: known && draft ? applied(known, draft) : known,
    unreachable,
    allowed: session !== null && may(session, "control"),
    problem: refusal?.message ?? null,
    fields: refusal instanceof Refused ? refusal.fields : [],
    change,
    discard,
  };
}

/** What ingestion says of the generator, asked for every second. */
function useReport(ingestion: Ingestion): Asked {
  const [report, setReport] = useState<Report>({ view: null, unreachable: null });
  const running = useRef<AbortController>(null);
  const ask = useCallback(async () => {
    if (running.current) return;
    const asking = new AbortController();
    running.current = asking;
    const told = (change: (last: Report) => Report) => {
      if (!asking.signal.aborted) setReport(change);
    };
    try {
      const view = await ingestion.read(asking.signal);
      told(() => ({ view, unreachable: null }));
    } catch (error) {
      told((last) => ({ ...last, unreachable: inWords(error) }));
    }
    if (running.current === asking) running.current = null;
  }, [ingestion]);
  const stop = useCallback(() => {
    running.current?.abort();
    running.current = null;
  }, []);
  const put = useCallback(
    (view: View) => {
      stop();
      setReport({ view, unreachable: null });
    },
    [stop],
  );
  useEffect(() => {
    void ask();
    const timer = setInterval(() => !document.hidden && void ask(), EVERY_MS);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [ask, stop]);
  return { ...report, put };
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
