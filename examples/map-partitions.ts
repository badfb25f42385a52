/** Your own function over every partition, in worker threads: inline without outside variables, or exported by a module. */
import { DistributedDataFrame } from "partwise";

const orders = DistributedDataFrame.fromColumns({ price: [10, 20, 30, 40], pieces: [1, 2, 3, 4] }, { partitions: 2 });

const totals = orders.mapPartitions(
  (frame, { args, pl }: { args: { tax: number }; pl: typeof import("nodejs-polars").default }) =>
    frame.withColumns(
      pl
        .col("price")
        .mul(pl.col("pieces"))
        .mul(1 + args.tax)
        .alias("total"),
    ),
  { args: { tax: 0.2 }, schema: { price: "Float64", pieces: "Float64", total: "Float64" } },
);
console.log((await totals.compute()).toString());

// What an inline function uses from outside does not exist in a worker; the error says so before anything runs.
const tax = 0.2;
try {
  orders.toArray().mapPartitions(({ columns }) => columns.map((column) => column.map((value) => value * tax)));
} catch (error) {
  console.log((error as Error).message);
}
