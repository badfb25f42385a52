import { DataError, show } from "../base/errors.js";
import { colourOf, type ChartOptions } from "./draw-chart.js";
import { num, Page, short } from "./svg-page.js";

/** One bar. */
export interface Bar {
  readonly name: string;
  /** From 0 on; below 0 it is drawn to the left. */
  readonly value: number;
  /** Half the length of the whisker at its end. */
  readonly spread?: number;
}

/** Options of {@link barChart}. */
export interface BarChartOptions extends ChartOptions {
  /** Top to bottom. */
  readonly bars: readonly Bar[];
  readonly xLabel: string;
  /** What stands at the end of a bar; four digits unless given. */
  readonly format?: (value: number) => string;
  /** What errors call it. */
  readonly owner?: string;
}

/**
 * Bars that lie, names to their left and values at their ends, with whiskers where a spread is given. As SVG; 30 pixels a bar
 * unless a height is given.
 *
 * @throws DataError without bars, or for a value that is not finite
 */
export function barChart(options: BarChartOptions): string {
  const { bars, xLabel, owner = "barChart", format = (value) => String(Number(value.toPrecision(4))) } = options;
  if (bars.length === 0) throw new DataError(`${owner}: there is no bar to draw. Pass at least one.`);
  for (const { name, value, spread = 0 } of bars)
    if (!Number.isFinite(value + spread))
      throw new DataError(`${owner}: the bar ${show(name)} has the value ${value}; it has to be finite.`);
  const height = options.height ?? Math.max(200, 90 + 30 * bars.length);
  const page = new Page(owner, { ...options, height }, { left: 200, right: 60, top: 50, bottom: 46 });
  const least = Math.min(0, ...bars.map(({ value, spread = 0 }) => value - spread));
  const most = Math.max(1e-300, ...bars.map(({ value, spread = 0 }) => value + spread));
  const at = (value: number): number => page.left + ((value - least) / (most - least)) * (page.right - page.left);
  const step = (page.bottom - page.top) / bars.length;
  bars.forEach(({ name, value, spread }, k) => {
    const y = page.top + k * step;
    const [from, to] = [at(Math.min(0, value)), at(Math.max(0, value))];
    page.add(
      `<rect x="${num(from)}" y="${num(y + step * 0.15)}" width="${num(to - from)}" height="${num(step * 0.7)}" fill="${colourOf(0)}"/>`,
    );
    if (spread)
      page.line(
        [
          [at(value - spread), y + step / 2],
          [at(value + spread), y + step / 2],
        ],
        "#1f2937",
        1.5,
        1,
      );
    page.text(page.left - 8, y + step / 2, short(name, 30), "end");
    page.text(at(Math.max(0, value + (spread ?? 0))) + 6, y + step / 2, format(value), "start");
  });
  page.text((page.left + page.right) / 2, page.bottom + 28, xLabel, "middle");
  return page.svg();
}
