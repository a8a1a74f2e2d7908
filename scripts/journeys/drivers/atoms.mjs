// Takes calls on standard input, a message a line, and renders the hook that each names in a page of its own making.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = process.env.CLIENT_FOLDER;
const require = createRequire(`${folder}/`);
const { JSDOM } = require("jsdom");
const { build } = require("esbuild");

// What a page finds in a browser.
const { window } = new JSDOM("<!doctype html><div id=root></div>", { url: "http://localhost/", pretendToBeVisual: true });
window.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
for (const name of Object.getOwnPropertyNames(window)) {
  if (!(name in globalThis)) globalThis[name] = window[name];
}
globalThis.window = window;

const page = join(folder, "page.mjs");
await build({
  entryPoints: [fileURLToPath(new URL("atoms_page.mjs", import.meta.url))],
  outfile: page,
  bundle: true,
  format: "esm",
  platform: "browser",
  nodePaths: [join(folder, "node_modules")],
  // Some hooks are used by its components alone and are not exported.
  alias: {
    "atoms-inside": join(folder, "node_modules", "@calcom", "atoms", "dist"),
    // Of the two builds of this package, the one whose default export other build tools find too.
    "react-use/lib": join(folder, "node_modules", "react-use", "esm"),
  },
  // Its package.json says that no file has side effects, but one sets up time zones.
  ignoreAnnotations: true,
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "error",
});
const { call } = await import(pathToFileURL(page));

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  const answer = await call(method, params).then(
    (result) => ({ result: result ?? null }),
    (error) => ({ error: { message: `${error.message}: ${JSON.stringify(error.response?.data ?? null)}` } }),
  );
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...answer })}\n`);
}
process.exit(0);
