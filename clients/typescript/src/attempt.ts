/** Calls what others have given us: what it throws, now or later, goes to `failed`. */
export function attempt(call: () => unknown, failed: (error: unknown) => void = complain): void {
  try {
    void Promise.resolve(call()).catch(failed);
  } catch (error) {
    failed(error);
  }
}

export function complain(error: unknown): void {
  console.error("tidemark:", error);
}
