import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/*.test.ts"] } },
      {
        test: {
          name: "daemons",
          include: ["test/it/*.test.ts"],
          testTimeout: 20_000,
          hookTimeout: 120_000,
          // Node 20 has a WebSocket, but shows it only where it is asked to.
          pool: "forks",
          execArgv: ["--experimental-websocket"],
        },
      },
    ],
  },
});
