import type { Column } from "../../memory/column.js";
import type { DType } from "../../memory/dtype.js";

/** Values of a column, one after another. */
export interface Span {
  readonly from: number;
  readonly length: number;
}

/** What a member reads of the columns that the others show. */
export type Reads = (member: number) => readonly Span[];

/** Those who work on one thing at once, each on a part of its own, and show each other what they found. */
export interface Exchange {
  readonly member: number;
  readonly members: number;
  /**
   * Waits until all members have shown a column, and returns all of them in the order of the members. They may be read until
   * this member calls it again; whoever shows a column must not change or free it until it has called this once more, or
   * {@link meet}.
   *
   * @param reads what each member reads of it; nothing else need be there. All of it unless given.
   */
  exchange<D extends DType>(own: Column<D>, reads?: Reads): Column<D>[] | Promise<Column<D>[]>;
  /** Waits until all members have come here. */
  meet(): void | Promise<void>;
}

/** A team of one: nobody is waited for. */
export const ALONE: Exchange = { member: 0, members: 1, exchange: (own) => [own], meet: () => undefined };
