// A `fetch` that answers from a list and remembers what it was asked.

export interface Asked {
  url: string;
  method: string;
  headers: Headers;
  body: Uint8Array;
  signal: AbortSignal;
}

export type Reply = Response | Error | ((asked: Asked) => Response | Promise<Response>);

export interface Recorded {
  (url: string, init: RequestInit): Promise<Response>;
  asked: Asked[];
}

/** The last reply is given again and again. */
export function replies(...list: Reply[]): Recorded {
  const asked: Asked[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    const request = new Request(new URL(url, "http://test/"), init);
    const body = new Uint8Array(await request.arrayBuffer());
    const question = { url, method: request.method, headers: request.headers, body, signal: request.signal };
    asked.push(question);
    const reply = list[Math.min(asked.length, list.length) - 1];
    if (reply instanceof Error || reply === undefined) throw reply ?? new TypeError("no reply");
    return typeof reply === "function" ? reply(question) : reply.clone();
  };
  return Object.assign(fetch, { asked });
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

export function problem(status: number, code: string, more: object = {}, retryAfter?: string): Response {
  const headers = retryAfter === undefined ? {} : { "Retry-After": retryAfter };
  return json({ status, code, title: "Refused", detail: `because of ${code}`, ...more }, status, headers);
}
