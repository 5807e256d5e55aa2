import { Tidemark } from "tidemark-client";

/** The page's own origin; what fails is asked for again anyway, by the next refresh. */
export const tidemark = new Tidemark({ url: "", retry: { attempts: 1 } });
