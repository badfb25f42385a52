import { DataError, ParameterError, show } from "../base/errors.js";

/** Options of every chart. */
export interface ChartOptions {
  readonly title?: string;
  /** Width in pixels; 640 unless given. */
  readonly width?: number;
  /** Height in pixels; 520 unless given. */
  readonly height?: number;
}

/** One curve. */
export interface ChartSeries {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Mark each point. */
  readonly dots?: boolean;
  /** A light band around the curve (quartiles, say), from `low` to `high` at each x. */
  readonly band?: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> };
}

/** What is drawn. */
export interface ChartSpec extends ChartOptions {
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly ChartSeries[];
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
  readonly xLog?: boolean;
  readonly yLog?: boolean;
  /** A dashed line from corner to corner, with its name in the legend. */
  readonly diagonal?: string;
  /** Light bars on the floor of the frame, heights in data units. */
  readonly bars?: {
    readonly name: string;
    readonly from: readonly number[];
    readonly to: readonly number[];
    readonly height: readonly number[];
  };
  readonly legend: "bottom right" | "top left" | "above";
}

const COLOURS = ["#2563eb", "#e4572e", "#0f9d6e", "#9333ea", "#c58a06", "#0e7490", "#be185d", "#4b5563"];
/** The fonts, first the one that is there. */
export const FONT = "'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";
/** The colour of text. */
export const INK = "#1f2937";
/** The colour of what stands back. */
export const GREY = "#9ca3af";
const BAR = "#dbe4f3";
const MARGIN = { left: 66, right: 24, bottom: 56 };
const LEGEND_ROW = 20;

interface LegendEntry {
  readonly name: string;
  readonly colour: string;
  readonly dash?: string;
  readonly box?: boolean;
}

/** Draws curves with Observable Plot into a document of linkedom, both loaded now. @returns a whole SVG file as text */
export async function drawChart(owner: string, spec: ChartSpec): Promise<string> {
  check(owner, spec);
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { width = 640, height = 520 } = spec;
  const entries = legendOf(spec);
  const titleRows = spec.title === undefined ? 0 : 30;
  const layout = spec.legend === "above" ? flow(entries, width - MARGIN.left - MARGIN.right) : undefined;
  const top = 18 + titleRows + (layout ? layout.rows * LEGEND_ROW + 6 : 0);
  const frame = { left: MARGIN.left, top, right: width - MARGIN.right, bottom: height - MARGIN.bottom };
  const xDomain =
    spec.xDomain ??
    domainOf(
      spec.series.map((one) => one.x),
      spec.xLog === true,
    );
  const yDomain =
    spec.yDomain ??
    domainOf(
      spec.series.flatMap(({ y, band }) => (band ? [y, band.low, band.high] : [y])),
      spec.yLog === true,
    );
  const bars = spec.bars;
  const marks = [
    Plot.gridX({ stroke: "#e5e7eb", strokeOpacity: 1, ...(spec.xLog ? {} : { ticks: 6 }) }),
    Plot.gridY({ stroke: "#e5e7eb", strokeOpacity: 1, ...(spec.yLog ? {} : { ticks: 6 }) }),
    ...(bars
      ? [
          Plot.rect(
            bars.from.map((_, i) => i),
            {
              x1: (i: number) => bars.from[i],
              x2: (i: number) => bars.to[i],
              y1: yDomain[0],
              y2: (i: number) => bars.height[i],
              fill: BAR,
              insetLeft: 1,
              insetRight: 1,
            },
          ),
        ]
      : []),
    ...(spec.diagonal === undefined
      ? []
      : [
          Plot.line(
            [
              [xDomain[0], yDomain[0]],
              [xDomain[1], yDomain[1]],
            ],
            { stroke: GREY, strokeWidth: 1.5, strokeDasharray: "6 5" },
          ),
        ]),
    // All bands first, so that none covers a curve.
    ...spec.series.flatMap(({ x, band }, k) =>
      band
        ? [
            Plot.areaY(Array.from(x), {
              x: (at: number) => at,
              y1: Array.from(band.low),
              y2: Array.from(band.high),
              fill: colourOf(k),
              fillOpacity: 0.14,
            }),
          ]
        : [],
    ),
    ...spec.series.flatMap((one, k) => {
      const points = thinned(one, {
        xDomain,
        yDomain,
        xLog: spec.xLog === true,
        yLog: spec.yLog === true,
        width: frame.right - frame.left,
        height: frame.bottom - frame.top,
      });
      const colour = colourOf(k);
      const line = Plot.line(points, {
        stroke: colour,
        strokeWidth: 2.25,
        strokeLinejoin: "round",
        strokeLinecap: "round",
      });
      return one.dots ? [line, Plot.dot(points, { fill: colour, stroke: "white", strokeWidth: 1.25, r: 4.5 })] : [line];
    }),
    Plot.axisX({ label: null, tickSize: 0, tickPadding: 9, ...(spec.xLog ? {} : { ticks: 6 }) }),
    Plot.axisY({ label: null, tickSize: 0, tickPadding: 9, ...(spec.yLog ? {} : { ticks: 6 }) }),
    Plot.frame({ stroke: "#6b7280" }),
  ];
  const { document } = parseHTML("<html><body></body></html>");
  const plot = Plot.plot({
    document: document as never,
    width,
    height,
    marginLeft: frame.left,
    marginTop: frame.top,
    marginRight: MARGIN.right,
    marginBottom: MARGIN.bottom,
    x: { domain: [...xDomain], label: null, ...(spec.xLog ? { type: "log" as const } : {}) },
    y: { domain: [...yDomain], label: null, ...(spec.yLog ? { type: "log" as const } : {}) },
    marks,
  }) as unknown as { querySelector(selector: string): { remove(): void } | null; innerHTML: string };
  // The style sheet is for web pages, and resets the page's fonts in some viewers.
  plot.querySelector("style")?.remove();

  const middle = (frame.left + frame.right) / 2;
  const centre = (frame.top + frame.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="12" text-anchor="middle" fill="currentColor" color="${INK}">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    spec.title === undefined
      ? ""
      : `<text x="${frame.left}" y="30" text-anchor="start" font-size="17">${escape(spec.title)}</text>`,
    plot.innerHTML,
    `<text x="${middle}" y="${height - 14}" font-size="13">${escape(spec.xLabel)}</text>`,
    `<text transform="translate(18,${centre}) rotate(-90)" font-size="13">${escape(spec.yLabel)}</text>`,
    layout
      ? layout.places
          .map(({ x, row }, k) => entry(entries[k] as LegendEntry, frame.left + x, 18 + titleRows + row * LEGEND_ROW))
          .join("")
      : boxed(entries, spec.legend, frame),
    "</svg>\n",
  ].join("\n");
}

function check(owner: string, spec: ChartSpec): void {
  for (const name of ["width", "height"] as const) {
    const value = spec[name];
    if (value !== undefined && !(Number.isFinite(value) && value >= 200))
      throw new ParameterError(`${owner}: ${name} must be a number >= 200; got ${show(value)}.`);
  }
  if (spec.series.length === 0) throw new DataError(`${owner}: there is no curve to draw. Pass at least one.`);
  for (const one of spec.series) {
    if (one.x.length !== one.y.length || one.x.length === 0) {
      throw new DataError(
        `${owner}: the curve ${show(one.name)} has ${one.x.length} x and ${one.y.length} y values. Pass as many of both, at least one.`,
      );
    }
    const { low, high } = one.band ?? {};
    if ((low ?? one.x).length !== one.x.length || (high ?? one.x).length !== one.x.length) {
      throw new DataError(
        `${owner}: the band of the curve ${show(one.name)} has ${low?.length} low and ${high?.length} high values for ${one.x.length} points. Pass as many of each.`,
      );
    }
    for (let i = 0; i < one.x.length; i++) {
      for (const [axis, value, log] of [
        ["x", one.x[i], spec.xLog],
        ["y", one.y[i], spec.yLog],
        ...(low && high
          ? ([
              ["low", low[i], spec.yLog],
              ["high", high[i], spec.yLog],
            ] as const)
          : []),
      ] as const) {
        if (Number.isFinite(value) && !(log && (value ?? 0) <= 0)) continue;
        throw new DataError(
          `${owner}: the curve ${show(one.name)} has ${axis} = ${value} at point ${i}; ${log ? "a log scale needs numbers above 0" : "all need to be finite"}. Leave such points out.`,
        );
      }
    }
  }
}

function domainOf(lists: readonly ArrayLike<number>[], log: boolean): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      low = Math.min(low, list[i] ?? low);
      high = Math.max(high, list[i] ?? high);
    }
  }
  if (log) return low === high ? [low / 2, high * 2] : [low, high];
  if (low === high) return [low - 1, high + 1];
  // A little room, so that curves do not run along the frame.
  const room = 0.03 * (high - low);
  return [low - room, high + room];
}

/** Points that are further than a third of a pixel from the one before, and the last one: a million points draw as a few thousand. */
function thinned(
  one: ChartSeries,
  scale: {
    xDomain: readonly [number, number];
    yDomain: readonly [number, number];
    xLog: boolean;
    yLog: boolean;
    width: number;
    height: number;
  },
): [number, number][] {
  const position = (value: number, [low, high]: readonly [number, number], log: boolean): number =>
    log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const points: [number, number][] = [];
  let lastX = NaN;
  let lastY = NaN;
  for (let i = 0; i < one.x.length; i++) {
    const point: [number, number] = [one.x[i] ?? 0, one.y[i] ?? 0];
    const x = position(point[0], scale.xDomain, scale.xLog) * scale.width;
    const y = position(point[1], scale.yDomain, scale.yLog) * scale.height;
    if (Math.abs(x - lastX) < 1 / 3 && Math.abs(y - lastY) < 1 / 3 && i < one.x.length - 1) continue;
    points.push(point);
    [lastX, lastY] = [x, y];
  }
  return points;
}

/** The colour of the k-th thing. */
export function colourOf(k: number): string {
  return COLOURS[k % COLOURS.length] ?? INK;
}

function legendOf(spec: ChartSpec): LegendEntry[] {
  return [
    ...spec.series.map((one, k) => ({ name: one.name, colour: colourOf(k) })),
    ...(spec.diagonal === undefined ? [] : [{ name: spec.diagonal, colour: GREY, dash: "6 5" }]),
    ...(spec.bars ? [{ name: spec.bars.name, colour: BAR, box: true }] : []),
  ];
}

function entry({ name, colour, dash, box }: LegendEntry, x: number, y: number): string {
  const mark = box
    ? `<rect x="${x}" y="${y - 6}" width="26" height="12" fill="${colour}"/>`
    : `<path d="M${x},${y}h26" stroke="${colour}" stroke-width="2.25"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`;
  return `${mark}<text x="${x + 34}" y="${y}" dy="0.35em" text-anchor="start">${escape(name)}</text>`;
}

// The fonts' average: legends need room, not exactness.
function entryWidth({ name }: LegendEntry): number {
  return 34 + 6.7 * name.length;
}

function boxed(
  entries: readonly LegendEntry[],
  corner: string,
  frame: { left: number; top: number; right: number; bottom: number },
): string {
  const width = Math.max(...entries.map(entryWidth)) + 20;
  const height = entries.length * LEGEND_ROW + 12;
  const x = corner === "top left" ? frame.left + 12 : frame.right - 12 - width;
  const y = corner === "top left" ? frame.top + 12 : frame.bottom - 12 - height;
  const rows = entries.map((one, k) => entry(one, x + 10, y + 16 + k * LEGEND_ROW)).join("");
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="4" fill="white" fill-opacity="0.9" stroke="#d1d5db"/>${rows}`;
}

function flow(entries: readonly LegendEntry[], width: number): { places: { x: number; row: number }[]; rows: number } {
  let x = 0;
  let row = 0;
  const places = entries.map((one) => {
    const own = entryWidth(one) + 18;
    if (x > 0 && x + own > width) {
      x = 0;
      row += 1;
    }
    const place = { x, row };
    x += own;
    return place;
  });
  return { places, rows: row + 1 };
}

/** Text as SVG and HTML take it. */
export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);
}
