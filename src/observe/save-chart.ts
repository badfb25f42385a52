import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { FileError, ParameterError, show } from "../base/errors.js";

// This file is dist/src/observe/save-chart.js; the font stays with the sources.
const FONT_FILE = fileURLToPath(new URL("../../../src/observe/fonts/chart-sans.ttf", import.meta.url));
const FONT_FAMILY = "DejaVu Sans";
// The characters of the font that comes with the package.
const COVERED = /^[\n\r\t -~\u00a0-\u00ff\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u2190-\u2193\u2212\u2264\u2265]*$/;

/**
 * An SVG as PNG, with the package's own font, so that it looks the same everywhere; text beyond Latin uses the system's
 * fonts.
 *
 * @param options `scale` multiplies the SVG's size in pixels: 2 unless given, for sharp text
 */
export async function toPng(svg: string, options: { readonly scale?: number } = {}): Promise<Uint8Array> {
  const scale = options.scale ?? 2;
  if (!(scale > 0 && scale <= 20))
    throw new ParameterError(`toPng: scale must be a number in (0, 20]; got ${show(options.scale)}.`);
  const { Resvg } = await import("@resvg/resvg-js");
  const bundled = existsSync(FONT_FILE);
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: !bundled || !COVERED.test(svg),
      ...(bundled ? { fontFiles: [FONT_FILE], defaultFontFamily: FONT_FAMILY, sansSerifFamily: FONT_FAMILY } : {}),
    },
  });
  return image.render().asPng();
}

/**
 * Writes a chart as `.svg` or `.png`, by the path's extension; missing folders are made. The file appears whole or not at
 * all.
 *
 * @returns the path
 * @throws ParameterError for another extension, FileError when it cannot be written
 */
export async function saveChart(svg: string, path: string, options: { readonly scale?: number } = {}): Promise<string> {
  const extension = extname(path).toLowerCase();
  if (extension !== ".svg" && extension !== ".png") {
    throw new ParameterError(`saveChart: the path must end in .svg or .png; got ${show(path)}.`);
  }
  const data = extension === ".svg" ? svg : await toPng(svg, options);
  const temporary = `${path}.${process.pid}.part`;
  let started = false;
  try {
    await mkdir(dirname(path), { recursive: true });
    started = true;
    await writeFile(temporary, data);
    await rename(temporary, path);
  } catch (cause) {
    if (started) await rm(temporary, { force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileError(`saveChart: cannot write ${show(path)}: ${reason}. Choose a folder you may write to.`, {
      cause,
      details: { path },
    });
  }
  return path;
}
