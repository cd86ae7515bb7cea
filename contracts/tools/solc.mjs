#!/usr/bin/env node
// npm's solc behind the two options by which forge and py-solc-x know a compiler: --version and --standard-json.
import { readFileSync } from "node:fs";

const { default: compiler } = await import("solc").catch(() => {
  console.error("solc is not installed: run npm ci in contracts/");
  process.exit(69);
});

const asked = process.argv.slice(2);
if (asked.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${compiler.version()}`);
} else if (asked.includes("--standard-json")) {
  process.stdout.write(compiler.compile(readFileSync(0, "utf8")));
} else {
  console.error(`Invalid option: ${asked.join(" ")}; only --version and --standard-json are served`);
  process.exit(64);
}
