// Compiles src/kernels/assembly to dist/src/kernels/kernels.wasm, unless the module is newer than its sources.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sourceDirectory = join(root, "src", "kernels", "assembly");
const target = join(root, "dist", "src", "kernels", "kernels.wasm");

function isCurrent() {
  const built = statSync(target, { throwIfNoEntry: false });
  if (built === undefined) return false;
  const sources = readdirSync(sourceDirectory)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(sourceDirectory, name));
  return [...sources, sourceDirectory, fileURLToPath(import.meta.url)].every(
    (source) => statSync(source).mtimeMs < built.mtimeMs,
  );
}

if (!isCurrent()) {
  // Loaded only now: the compiler takes longer to import than the check above.
  const { main } = await import("assemblyscript/asc");
  mkdirSync(dirname(target), { recursive: true });
  // Renamed into place when complete, so that a concurrent reader or a failed build never meets half a module.
  const temporary = `${target}.${process.pid}.tmp`;
  const { error, stderr } = await main([
    join("src", "kernels", "assembly", "index.ts"),
    "--baseDir",
    root,
    "--outFile",
    temporary,
    "-O3",
    "--noAssert",
    "--runtime",
    "stub",
    "--importMemory",
    "--noExportMemory",
    "--sharedMemory",
    "--initialMemory",
    "1",
    "--maximumMemory",
    "65536",
    "--enable",
    "simd",
    "--enable",
    "threads",
    "--enable",
    "bulk-memory",
    // Kernels never abort; without this the compiler would import env.abort.
    "--use",
    "abort=",
  ]);
  const messages = stderr.toString();
  if (error !== null || messages !== "") {
    rmSync(temporary, { force: true });
    process.stderr.write(messages === "" ? `build-kernels: ${error.message}\n` : messages);
    process.exitCode = 1;
  } else {
    renameSync(temporary, target);
  }
}
