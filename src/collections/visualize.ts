import { HeldPlan, HostPlan, plansBelow, type Plan } from "./plan.js";

const BOX = { width: 240, height: 46, gapX: 28, gapY: 44, margin: 16 };

/**
 * The plan as an SVG picture: a box for each step with its label, partitions and bytes where they are known, sources at the
 * top. Starts nothing.
 */
export function visualizePlan(root: Plan): string {
  const plans = plansBelow([root]);
  const layerOf = new Map<Plan, number>();
  for (const plan of plans)
    layerOf.set(plan, Math.max(0, ...plan.inputs.map((input) => (layerOf.get(input) ?? 0) + 1)));
  const layers: Plan[][] = [];
  for (const plan of plans) (layers[layerOf.get(plan) ?? 0] ??= []).push(plan);
  const widest = Math.max(...layers.map((layer) => layer.length));
  const step = BOX.width + BOX.gapX;
  const width = 2 * BOX.margin + widest * step - BOX.gapX;
  const height = 2 * BOX.margin + layers.length * (BOX.height + BOX.gapY) - BOX.gapY;
  const place = new Map<Plan, { x: number; y: number }>();
  layers.forEach((layer, depth) => {
    const left = (width - (layer.length * step - BOX.gapX)) / 2;
    layer.forEach((plan, i) =>
      place.set(plan, { x: left + i * step, y: BOX.margin + depth * (BOX.height + BOX.gapY) }),
    );
  });
  const edges = plans.flatMap((plan) =>
    [...new Set(plan.inputs)].map((input) => edge(place.get(input), place.get(plan))),
  );
  const boxes = plans.map((plan) => box(plan, place.get(plan)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif">`,
    `<title>Plan of ${escape(root.label)}</title>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...edges,
    ...boxes,
    "</svg>",
    "",
  ].join("\n");
}

type Point = { readonly x: number; readonly y: number };

function edge(from: Point = { x: 0, y: 0 }, to: Point = { x: 0, y: 0 }): string {
  const [x1, y1] = [from.x + BOX.width / 2, from.y + BOX.height];
  const [x2, y2] = [to.x + BOX.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  return `<path d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}" fill="none" stroke="#667" marker-end="url(#tip)"/>`;
}

function box(plan: Plan, at: Point = { x: 0, y: 0 }): string {
  const kind =
    plan instanceof HeldPlan ? `held by ${plan.engine.name}` : plan instanceof HostPlan ? "in this process" : undefined;
  const fill = plan instanceof HeldPlan ? "#e3f4e6" : plan.inputs.length === 0 ? "#e6eefb" : "#f5f5f7";
  const facts = [
    `${plan.partitions} partition${plan.partitions === 1 ? "" : "s"}`,
    plan.bytes === undefined ? undefined : bytesText(plan.bytes),
    kind,
  ];
  // The end of a long label says what the step does.
  const label = plan.label.length > 34 ? `...${plan.label.slice(-31)}` : plan.label;
  const centre = at.x + BOX.width / 2;
  return [
    `<g><title>${escape(plan.label)}</title>`,
    `<rect x="${at.x}" y="${at.y}" width="${BOX.width}" height="${BOX.height}" rx="6" fill="${fill}" stroke="#99a"/>`,
    `<text x="${centre}" y="${at.y + 19}" text-anchor="middle" font-size="12">${escape(label)}</text>`,
    `<text x="${centre}" y="${at.y + 36}" text-anchor="middle" font-size="10" fill="#556">${escape(facts.filter(Boolean).join(", "))}</text></g>`,
  ].join("");
}

function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${["B", "KiB", "MiB", "GiB"][power]}`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);
}
