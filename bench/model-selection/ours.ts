import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../harness/places.js";
import { serveOurs } from "../harness/serve-ours.js";
import { metricsServed } from "./metrics.js";
import { searchServed } from "./search.js";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

await serveOurs({ ...metricsServed, ...searchServed }, { node: process.versions.node, partwise: version });
