import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  calibrationChart,
  detCurveChart,
  lineChart,
  partialDependenceChart,
  precisionRecallChart,
  rocCurveChart,
  saveChart,
  toPng,
} from "#src/observe/index.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "partwise-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Width and height in the header of a PNG. */
const sizeOf = (png: Uint8Array): number[] => {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return [view.getUint32(16), view.getUint32(20)];
};

describe("rocCurveChart", () => {
  it("draws curves, diagonal, axes and a legend with the areas", async () => {
    const svg = await rocCurveChart({
      title: "Late & <early>",
      curves: [
        { name: "model", fpr: [0, 0.1, 1], tpr: [0, 0.8, 1], auc: 0.8512 },
        { name: "other", fpr: [0, 1], tpr: [0, 1] },
      ],
    });
    expect(svg.startsWith("<svg xmlns=")).toBe(true);
    for (const text of [
      "Late &amp; &lt;early&gt;",
      "model (AUC 0.851)",
      ">other<",
      "chance (AUC 0.500)",
      "False positive rate",
      "True positive rate",
      ">0.4<",
    ]) {
      expect(svg).toContain(text);
    }
    // The frame is 500 wide and 500 high from (66, 48): the middle point of the model lies at (0.1, 0.8) of it.
    expect(svg).toContain("L116,148L");
    expect(svg).toContain('stroke-dasharray="6 5"');
    expect(svg).not.toContain("<style");
    expect(svg).not.toContain("NaN");
  });

  it("keeps the file small for many points, with both ends", async () => {
    const n = 300_000;
    const rates = Float64Array.from({ length: n }, (_, i) => i / (n - 1));
    const svg = await rocCurveChart({ curves: [{ name: "m", fpr: rates, tpr: rates.map(Math.sqrt) }] });
    expect(svg.length).toBeLessThan(120_000);
    expect(svg).toContain("M66,548L");
    expect(svg).toMatch(/L566,48"/);
  });

  it("refuses rates that are none", async () => {
    await expect(rocCurveChart({ curves: [{ name: "m", fpr: [0, 1.2], tpr: [0, 1] }] })).rejects.toThrow(
      'rocCurveChart: the curve "m" has 1.2 at point 1; rates lie between 0 and 1.',
    );
    await expect(rocCurveChart({ curves: [] })).rejects.toThrow("there is no curve to draw");
    await expect(rocCurveChart({ curves: [{ name: "m", fpr: [0], tpr: [0, 1] }] })).rejects.toThrow(
      "has 1 x and 2 y values",
    );
  });
});

it("draws a calibration chart with a bar for each bin", async () => {
  const svg = await calibrationChart({
    curves: [{ name: "model", predicted: [0.2, 0.7], observed: [0.25, 0.6] }],
    histogram: { count: [10, 40, 20, 0] },
  });
  for (const text of ["perfectly calibrated", "Mean predicted probability", "Share of positives", "predictions"])
    expect(svg).toContain(text);
  expect(svg.match(/<circle/g)).toHaveLength(2);
  // The tallest bar is a quarter of the frame's 500.
  expect(svg).toContain('height="125"');
});

describe("lineChart", () => {
  it("draws several series on linear and log axes", async () => {
    const series = [
      { name: "train", x: [1, 10, 100], y: [1, 0.1, 0.01] },
      { name: "test", x: [1, 10, 100], y: [2, 0.5, 0.2] },
    ];
    const svg = await lineChart({ series, xLabel: "Round", yLabel: "Loss", yLog: true, width: 400, height: 300 });
    expect(svg).toContain('viewBox="0 0 400 300"');
    for (const text of ["Round", "Loss", ">train<", ">test<"]) expect(svg).toContain(text);
  });

  it("draws a constant series, and refuses what an axis cannot show", async () => {
    expect(
      await lineChart({ series: [{ name: "flat", x: [1, 2], y: [3, 3] }], xLabel: "x", yLabel: "y" }),
    ).not.toContain("NaN");
    const bad = (y: number[], yLog: boolean) =>
      lineChart({ series: [{ name: "s", x: [1, 2], y }], xLabel: "x", yLabel: "y", yLog });
    await expect(bad([1, NaN], false)).rejects.toThrow(
      'lineChart: the curve "s" has y = NaN at point 1; all need to be finite.',
    );
    await expect(bad([0, 1], true)).rejects.toThrow("a log scale needs numbers above 0");
    await expect(
      lineChart({ series: [{ name: "s", x: [1], y: [1] }], xLabel: "x", yLabel: "y", width: 5 }),
    ).rejects.toThrow("width must be a number >= 200; got 5.");
  });
});

describe("saveChart and toPng", () => {
  const svg = (text: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60"><rect width="200" height="60" fill="white"/><text x="5" y="40" font-size="20" font-family="Arial, sans-serif">${text}</text></svg>`;

  it("renders text with the package's own font, at the asked scale", async () => {
    const blank = await toPng(svg(""));
    const [a, b] = [await toPng(svg("AUC 0.8")), await toPng(svg("AUC 0.9"))];
    expect(sizeOf(a)).toEqual([400, 120]);
    expect(sizeOf(await toPng(svg(""), { scale: 1 }))).toEqual([200, 60]);
    expect(a.length).toBeGreaterThan(blank.length + 200);
    expect(Buffer.compare(a, b)).not.toBe(0);
    await expect(toPng(svg(""), { scale: 0 })).rejects.toThrow("toPng: scale must be a number in (0, 20]; got 0.");
  });

  it("writes by extension, into folders it makes, and leaves nothing else", async () => {
    const path = join(folder, "deep", "chart.svg");
    expect(await saveChart(svg("x"), path)).toBe(path);
    await saveChart(svg("x"), join(folder, "deep", "chart.PNG"));
    expect(readFileSync(path, "utf8")).toBe(svg("x"));
    expect(
      readFileSync(join(folder, "deep", "chart.PNG"))
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
    expect(readdirSync(join(folder, "deep")).toSorted()).toEqual(["chart.PNG", "chart.svg"]);
  });

  it("says what is wrong with a path", async () => {
    await expect(saveChart("", "chart.pdf")).rejects.toThrow(
      'saveChart: the path must end in .svg or .png; got "chart.pdf".',
    );
    writeFileSync(join(folder, "file"), "");
    await expect(saveChart(svg(""), join(folder, "file", "chart.svg"))).rejects.toThrow(
      "Choose a folder you may write to.",
    );
  });
});

describe("detCurveChart", () => {
  it("draws error rates on logarithmic axes, without the points that have no place there", async () => {
    const svg = await detCurveChart({ curves: [{ name: "m", fpr: [1, 0.1, 0.01, 0], fnr: [0, 0.01, 0.1, 1] }] });
    for (const text of ["False positive rate", "False negative rate", ">m<", "Detection error tradeoff"])
      expect(svg).toContain(text);
    // Both kept points are corners of the frame: nothing lies between 0.01 and 0.1 but the line.
    expect(svg).toMatch(/M566,548L66,\d+"/);
    expect(svg).not.toContain("NaN");
    await expect(detCurveChart({ curves: [{ name: "m", fpr: [1, 0], fnr: [0, 1] }] })).rejects.toThrow(
      'the curve "m" has 0 x and 0 y values',
    );
    await expect(detCurveChart({ curves: [{ name: "m", fpr: [1, 0.5], fnr: [0.5] }] })).rejects.toThrow(
      "has 2 x and 1 y values",
    );
    await expect(detCurveChart({ curves: [{ name: "m", fpr: [2], fnr: [0.5] }] })).rejects.toThrow(
      "rates lie between 0 and 1",
    );
  });
});

describe("precisionRecallChart", () => {
  it("draws precision by recall with the average precision", async () => {
    const svg = await precisionRecallChart({
      curves: [{ name: "m", precision: [0.5, 0.8, 1], recall: [1, 0.5, 0], averagePrecision: 0.8125 }],
    });
    for (const text of ["m (AP 0.813)", ">Recall<", ">Precision<"]) expect(svg).toContain(text);
  });
});

describe("partialDependenceChart", () => {
  it("draws means, and the middle of the rows' own curves as a band", async () => {
    const grid = [0, 1, 2];
    const individual = Array.from({ length: 11 }, (_, k) => grid.map((x) => x + k));
    const curve = { name: "model", grid, average: [5, 6, 7] };
    const plain = await partialDependenceChart({ curves: [curve], xLabel: "age" });
    expect(plain).toContain(">age<");
    expect(plain).toContain(">Partial dependence<");
    expect(plain).not.toContain('fill-opacity="0.14"');
    const banded = await partialDependenceChart({ curves: [{ ...curve, individual }], xLabel: "age", yLabel: "risk" });
    expect(banded).toContain('fill-opacity="0.14"');
    expect(banded).toContain(">risk<");
    expect(banded).not.toContain("NaN");
  });

  it("refuses bands that do not fit", async () => {
    const band = { low: [0], high: [1, 2] };
    await expect(
      lineChart({ series: [{ name: "m", x: [0, 1], y: [0, 1], band }], xLabel: "x", yLabel: "y" }),
    ).rejects.toThrow('the band of the curve "m" has 1 low and 2 high values for 2 points');
  });
});
