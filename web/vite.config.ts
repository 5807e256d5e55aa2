import { defineConfig } from "vite";

// `npm run dev` shows the page with the api that runs beside it.
const api = "http://127.0.0.1:3001";

export default defineConfig({
  build: {
    target: "es2022",
    // By this file make knows that the page is built.
    manifest: true,
    // The content security policy allows files of our own origin and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/api": api,
      "/config.json": api,
      "/health": api,
      "/ws": { target: api, ws: true },
    },
  },
});
