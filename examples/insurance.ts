import { DistributedDataFrame, polars } from "partwise";
import { GeneralizedLinearRegressor, HuberRegressor, PoissonRegressor } from "partwise/models";

// Motor policies, made up: how many claims each had while it was in force, from known rates.
const policies = 20_000;
const uniform = (i: number, k: number): number => {
  const x = Math.sin(i * 12.9898 + k * 78.233) * 43758.5453;
  return x - Math.floor(x);
};
const rows = Array.from({ length: policies }, (_, i) => {
  const age = 18 + Math.floor(62 * uniform(i, 1));
  const city = uniform(i, 2) < 0.4 ? 1 : 0;
  const power = 50 + Math.floor(150 * uniform(i, 3));
  const years = 0.1 + 0.9 * uniform(i, 4);
  const rate = Math.exp(-2.2 + (age < 25 ? 0.7 : 0) + 0.35 * city + 0.004 * (power - 100));
  // A Poisson count by inversion.
  let claims = 0;
  let share = Math.exp(-rate * years);
  for (let rest = uniform(i, 5) - share; rest > 0 && claims < 20; rest -= share) share *= (rate * years) / ++claims;
  return { age, city, power, years, claims, branch: `branch ${i % 40}`, paid: 400 * claims * (0.5 + uniform(i, 6)) };
});
const column = <K extends keyof (typeof rows)[number]>(name: K): (typeof rows)[number][K][] =>
  rows.map((row) => row[name]);
const frame = DistributedDataFrame.fromColumns(
  {
    age: column("age"),
    city: column("city"),
    power: column("power"),
    years: column("years"),
    claims: column("claims"),
    paid: column("paid"),
  },
  { partitions: 8 },
).withColumns(polars().col("age").lt(25).cast(polars().Float64).alias("young"));

// Claims per year: the time in force is the exposure, and travels as a column of the same frame.
const X = frame.select("young", "city", "power");
const claims = frame.column("claims");
const exposure = frame.column("years");
const frequency = await new PoissonRegressor({ alpha: 0 }).fit(X, claims, { exposure });

// Policies of a branch have more in common than the model knows: standard errors by branch.
const options = { exposure, covariance: "clustered", groups: column("branch") } as const;
console.log(String(await frequency.summary(X, claims, options)));

// More variance than a Poisson count has? The ratio of Pearson's χ² to its degrees of freedom says so.
const { dispersion } = await frequency.summary(X, claims, { exposure, dispersion: "pearson" });
console.log(
  `\nPearson dispersion ${dispersion.toFixed(3)}: ${dispersion < 1.2 ? "a Poisson count" : "more than Poisson"}`,
);

// What a claim costs, given that there was one.
const claimed = frame.filter(polars().col("claims").gt(0));
const severity = new GeneralizedLinearRegressor({ family: "gamma" });
await severity.fit(claimed.select("young", "city", "power"), claimed.column("paid"), {
  offset: claimed.select("claims").toArray().log(),
});
console.log(`mean claim ${Math.exp(severity.intercept).toFixed(0)}, dispersion ${severity.dispersion.toFixed(3)}`);

// A new policy, half a year.
const policy = { young: [1], city: [1], power: [140] };
const [expected] = await frequency.predict(policy, { exposure: [0.5] });
console.log(`expected claims of a new policy in half a year: ${expected?.toFixed(4)}`);

// Which policies cost far more per claim than their like: outliers, found lazily.
const perClaim = claimed.withColumns(polars().col("paid").div(polars().col("claims")).alias("each"));
const features = perClaim.select("young", "city", "power");
const robust = await new HuberRegressor({ epsilon: 1.7 }).fit(features, perClaim.column("each"));
const flags = robust.outliers(features, perClaim.column("each"));
console.log(
  `claims far from their like: ${Math.round(Number(await flags.sum()))} of ${(await perClaim.countRows()).reduce((sum, count) => sum + count, 0)}`,
);
