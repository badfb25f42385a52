/** Rows of cells as lines of text: columns of numbers to the right, of text to the left. */
export function textTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows.map((row) => row.map((cell) => (typeof cell === "number" ? numberText(cell) : cell)))];
  const columns = head.map((_, j) => ({
    width: Math.max(...cells.map((row) => (row[j] ?? "").length)),
    numeric: rows.some((row) => typeof row[j] === "number"),
  }));
  const place = (cell: string, j: number): string => {
    const { width = 0, numeric = false } = columns[j] ?? {};
    return numeric ? cell.padStart(width) : cell.padEnd(width);
  };
  return `${cells.map((row) => `  ${row.map(place).join("  ").trimEnd()}`).join("\n")}\n`;
}

/** A number for people: whole ones whole, others with five significant digits. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Math.abs(value) >= 1e5 || Math.abs(value) < 1e-4 ? value.toExponential(3) : value.toPrecision(5);
}
