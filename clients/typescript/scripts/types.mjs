// Writes src/generated.ts from the api's OpenAPI document, or with --check says whether it is
// up to date: node scripts/types.mjs [--check] [URL]

import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import typescript from "typescript";

const FILE = new URL("../src/generated.ts", import.meta.url);
const check = process.argv.includes("--check");
const url = process.argv.slice(2).find((word) => word !== "--check") ?? "http://127.0.0.1:3001/openapi.json";

const response = await fetch(url);
if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
const types = await openapiTS(await response.json(), {
  alphabetize: true,
  emptyObjectsUnknown: true,
  // It holds itself, which TypeScript can't say of a member: it is ours.
  inject: 'import type { Filter } from "./filters.js";',
  transform: (_, { path }) =>
    path?.endsWith("/schemas/Filter") ? typescript.factory.createTypeReferenceNode("Filter") : undefined,
});
const text = `// Made by \`npm run types\` from /openapi.json of the api; not to be edited.\n\n${astToString(types)}`;

if (!check) {
  await writeFile(FILE, text);
} else if ((await readFile(FILE, "utf8")) !== text) {
  console.error("src/generated.ts is not what /openapi.json says now; `npm run types` makes it anew");
  process.exit(1);
}
