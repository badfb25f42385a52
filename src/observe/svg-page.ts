import { ParameterError, show } from "../base/errors.js";
import { describeValue } from "../model-selection/search-space.js";
import { escape, FONT, GREY, INK, type ChartOptions } from "./draw-chart.js";

/** Characters of a label. */
const SHORT = 22;

/** Numbers on a line of the page. */
export class Scale {
  readonly #low: number;
  readonly #high: number;
  readonly #range: readonly [number, number];
  readonly #log: boolean;

  constructor(values: readonly number[], range: readonly [number, number], log: boolean) {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const room = log ? 0 : 0.03 * (most - least) || 1;
    [this.#low, this.#high] = log && least === most ? [least / 2, most * 2] : [least - room, most + room];
    this.#range = range;
    this.#log = log;
  }

  at(value: number): number {
    const [from, to] = this.#range;
    const share = this.#log
      ? Math.log(value / this.#low) / Math.log(this.#high / this.#low)
      : (value - this.#low) / (this.#high - this.#low);
    return from + share * (to - from);
  }

  ticks(): number[] {
    if (this.#log) {
      const powers = Array.from({ length: 40 }, (_, k) => 10 ** (k - 20)).filter(
        (p) => p >= this.#low && p <= this.#high,
      );
      return powers.length >= 2 ? powers : [this.#low, this.#high];
    }
    const raw = (this.#high - this.#low) / 5;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
    const first = Math.ceil(this.#low / step);
    const count = Math.floor(this.#high / step) - first + 1;
    return Array.from({ length: count }, (_, k) => (first + k) * step);
  }
}

/** One parameter's axis: numbers on a scale, anything else at places of its own. */
export class TrialAxis {
  readonly #scale: Scale | undefined;
  readonly #texts: readonly string[];
  readonly #range: readonly [number, number];

  constructor(values: readonly unknown[], range: readonly [number, number]) {
    const given = values.filter((value) => value !== undefined);
    const numbers = given.filter((value): value is number => typeof value === "number");
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
    this.#scale =
      numbers.length === given.length && numbers.length > 0
        ? new Scale(numbers, range, least > 0 && most / least > 100)
        : undefined;
    this.#texts = [...new Set(given.map(describeValue))].sort();
    this.#range = range;
  }

  at(value: unknown): number | undefined {
    if (value === undefined) return undefined;
    if (this.#scale) return this.#scale.at(value as number);
    const [from, to] = this.#range;
    return from + ((this.#texts.indexOf(describeValue(value)) + 0.5) / this.#texts.length) * (to - from);
  }

  ticks(): { readonly at: number; readonly text: string }[] {
    if (this.#scale) return this.#scale.ticks().map((tick) => ({ at: this.at(tick) as number, text: tickText(tick) }));
    const [from, to] = this.#range;
    return this.#texts.map((text, k) => ({
      at: from + ((k + 0.5) / this.#texts.length) * (to - from),
      text: short(text, SHORT),
    }));
  }
}

interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** An SVG under construction. */
export class Page {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly #width: number;
  readonly #height: number;
  readonly #parts: string[] = [];

  constructor(owner: string, { title, width = 640, height = 520 }: ChartOptions, margins: Margins) {
    for (const [name, value] of [
      ["width", width],
      ["height", height],
    ] as const)
      if (!(Number.isFinite(value) && value >= 200))
        throw new ParameterError(`${owner}: ${name} must be a number >= 200; got ${show(value)}.`);
    this.#width = width;
    this.#height = height;
    this.left = margins.left;
    this.right = width - margins.right;
    this.top = margins.top;
    this.bottom = height - margins.bottom;
    if (title !== undefined) this.add(`<text x="20" y="30" text-anchor="start" font-size="17">${escape(title)}</text>`);
  }

  add(part: string): void {
    this.#parts.push(part);
  }

  text(x: number, y: number, text: string, anchor: "start" | "middle" | "end"): void {
    this.add(`<text x="${num(x)}" y="${num(y)}" dy="0.35em" text-anchor="${anchor}">${escape(text)}</text>`);
  }

  line(points: readonly (readonly [number, number])[], colour: string, width: number, opacity: number): void {
    const path = points.map(([x, y]) => `${num(x)},${num(y)}`).join(" ");
    this.add(
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-opacity="${opacity}" stroke-linejoin="round"/>`,
    );
  }

  dot(x: number, y: number, colour: string, radius: number): void {
    this.add(`<circle cx="${num(x)}" cy="${num(y)}" r="${radius}" fill="${colour}"/>`);
  }

  axes(x: Scale, y: Scale, xLabel: string, yLabel: string): void {
    for (const tick of x.ticks()) {
      this.line(
        [
          [x.at(tick), this.top],
          [x.at(tick), this.bottom],
        ],
        "#e5e7eb",
        1,
        1,
      );
      this.text(x.at(tick), this.bottom + 16, tickText(tick), "middle");
    }
    for (const tick of y.ticks()) {
      this.line(
        [
          [this.left, y.at(tick)],
          [this.right, y.at(tick)],
        ],
        "#e5e7eb",
        1,
        1,
      );
      this.text(this.left - 8, y.at(tick), tickText(tick), "end");
    }
    this.add(
      `<rect x="${this.left}" y="${this.top}" width="${this.right - this.left}" height="${this.bottom - this.top}" fill="none" stroke="#6b7280"/>`,
    );
    this.text((this.left + this.right) / 2, this.bottom + 40, xLabel, "middle");
    const centre = (this.top + this.bottom) / 2;
    this.add(
      `<text transform="translate(16,${num(centre)}) rotate(-90)" text-anchor="middle">${escape(yLabel)}</text>`,
    );
  }

  upright(x: number, name: string, ticks: readonly { readonly at: number; readonly text: string }[]): void {
    this.line(
      [
        [x, this.top],
        [x, this.bottom],
      ],
      GREY,
      1,
      1,
    );
    this.text(x, this.top - 18, short(name, SHORT), "middle");
    for (const { at, text } of ticks) {
      this.line(
        [
          [x - 3, at],
          [x + 3, at],
        ],
        GREY,
        1,
        1,
      );
      this.text(x + 7, at, text, "start");
    }
  }

  legend(entries: readonly { readonly name: string; readonly colour: string }[]): void {
    let x = this.left;
    for (const { name, colour } of entries) {
      this.line(
        [
          [x, 52],
          [x + 20, 52],
        ],
        colour,
        2.5,
        1,
      );
      this.text(x + 26, 52, name, "start");
      x += 44 + 6.7 * name.length;
    }
  }

  svg(): string {
    const size = `width="${this.#width}" height="${this.#height}" viewBox="0 0 ${this.#width} ${this.#height}"`;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${FONT}" font-size="12" fill="${INK}">`,
      `<rect width="${this.#width}" height="${this.#height}" fill="white"/>`,
      ...this.#parts,
      "</svg>\n",
    ].join("\n");
  }
}

/** From light to dark blue. */
export function shade(share: number): string {
  const mix = (from: number, to: number): number => Math.round(from + share * (to - from));
  return `rgb(${mix(203, 37)},${mix(213, 99)},${mix(225, 235)})`;
}

/** Text cut to a length. */
export function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function tickText(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(0) : String(Number(value.toPrecision(4)));
}

/** Tenths of a pixel are enough. */
export function num(value: number): number {
  return Math.round(value * 10) / 10;
}
