// Parts of the page, drawn in a document, over a client whose answers the test gives.

import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { Tidemark, type Socket } from "tidemark-client";
import { TidemarkProvider } from "tidemark-client/react";
import { afterEach } from "vitest";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  sent: { type: string; id: string; topic: string }[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {}

  says(message: object): Promise<void> {
    return act(async () => this.onmessage?.({ data: JSON.stringify(message) }));
  }
}

export interface Asked {
  url: URL;
  reply: (body: unknown, status?: number) => Promise<void>;
}

const roots: Root[] = [];

afterEach(async () => {
  for (const root of roots.splice(0)) await act(async () => root.unmount());
  document.body.replaceChildren();
  history.replaceState(null, "", "/");
  localStorage.clear();
});

/** A page of its own. */
export class Page {
  readonly asked: Asked[] = [];
  readonly socket = new FakeSocket();
  readonly element = document.body.appendChild(document.createElement("div"));
  private readonly root = createRoot(this.element);
  private readonly tidemark: Tidemark;

  constructor() {
    const { asked, socket } = this;
    function WebSocket() {
      return socket;
    }
    this.tidemark = new Tidemark({
      url: "http://api.test",
      retry: { attempts: 1 },
      WebSocket: WebSocket as never,
      fetch: (url) =>
        new Promise((resolve) => {
          const reply = (body: unknown, status = 200) =>
            act(async () => {
              resolve(Response.json(body, { status }));
              await new Promise((done) => setTimeout(done, 1));
            });
          asked.push({ url: new URL(url), reply });
        }),
    });
    roots.push(this.root);
  }

  get text(): string {
    return this.element.textContent ?? "";
  }

  get newest(): Asked {
    const newest = this.asked.at(-1);
    if (!newest) throw new Error("nothing is asked");
    return newest;
  }

  show(part: ReactNode): Promise<void> {
    return act(async () => this.root.render(<TidemarkProvider client={this.tidemark}>{part}</TidemarkProvider>));
  }

  /** A button by its name or text. */
  button(name: string): HTMLButtonElement {
    const all = [...this.element.querySelectorAll("button")];
    const found = all.find((it) => (it.getAttribute("aria-label") ?? it.textContent) === name);
    if (!found) throw new Error(`there is no button ${name}`);
    return found;
  }

  press(name: string): Promise<void> {
    return act(async () => this.button(name).click());
  }
}
