import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { TidemarkProvider } from "tidemark-client/react";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/opens.css";
import "./styles/states.css";
import { App } from "./App";
import { tidemark } from "./data/client";
import { Guard } from "./Guard";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Guard>
      <TidemarkProvider client={tidemark}>
        <App />
      </TidemarkProvider>
    </Guard>
  </StrictMode>,
);
