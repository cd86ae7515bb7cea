// Bundles the pages' scripts and the charts' style into ../static/build, which is not committed.
import { build } from "esbuild";
import { rm } from "node:fs/promises";

const outdir = new URL("../static/build/", import.meta.url).pathname;
await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: { main: "src/main.js", charts: "src/charts.css", offline: "src/offline.js" },
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: "es2022",
  outdir,
  entryNames: "[name]",
  chunkNames: "[name]-[hash]",
  legalComments: "linked",
  logLevel: "info",
});
