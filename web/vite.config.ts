import { defineConfig, loadEnv } from "vite";

function client(path: string): string {
  return decodeURIComponent(new URL(`../clients/typescript/src/${path}`, import.meta.url).pathname);
}

export default defineConfig(({ mode }) => {
  // `npm run dev` shows the page with the api that runs beside it, or with the one named here.
  const { TIDEMARK_API: api = "http://127.0.0.1:3001" } = loadEnv(mode, ".", "TIDEMARK_");
  return {
    resolve: {
      alias: {
        "tidemark-client/react": client("react/index.ts"),
        "tidemark-client": client("index.ts"),
      },
      // The client's files stand outside this folder and take React from here.
      dedupe: ["react", "react-dom"],
    },
    build: {
      target: "es2022",
      // By this file make knows that the page is built.
      manifest: true,
      // The content security policy allows files of our own origin and nothing inline.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
    server: {
      fs: { allow: [".."] },
      proxy: {
        "/api": api,
        "/config.json": api,
        "/docs": api,
        "/health": api,
        "/ws": { target: api, ws: true },
      },
    },
  };
});
