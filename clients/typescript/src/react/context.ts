import { createContext, createElement, useContext, type ReactElement, type ReactNode } from "react";
import type { Tidemark } from "../tidemark.js";

const Context = createContext<Tidemark | null>(null);

/** The client that the hooks below it use. It must stay the same object: make it outside of
 *  components. */
export function TidemarkProvider(props: {
  client: Tidemark;
  children?: ReactNode;
}): ReactElement {
  return createElement(Context.Provider, { value: props.client }, props.children);
}

/** @throws {Error} outside of a `TidemarkProvider`. */
export function useTidemark(): Tidemark {
  const client = useContext(Context);
  if (client === null) throw new Error("the hooks of tidemark-client need a TidemarkProvider above");
  return client;
}
