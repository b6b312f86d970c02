/**
 * What kernel and panel say to each other. The twin of `costmagic/notebook/panel_wire.py`, and of `plan_wire.py` beside
 * it; `tests/wire/panel.json` holds examples that the tests of both sides read.
 */
import {
  count,
  flag,
  list,
  money,
  nullable,
  number,
  oneOf,
  record,
  text,
  type Decoded,
  type Decoder
} from '../shared/decode';

/** The comm that the panel opens, and the one by which the kernel says that costmagic is there. */
export const TARGET = 'costmagic.panel';
export const HERE = 'costmagic.here';

/** The trait `state` of a panel in a cell: what is filled in at first. */
export const readState = record({ notebook: text, margin: number, confidence: number, cap: text });

/** Anything: what it must be depends on the request. */
const anything: Decoder<unknown> = value => value ?? null;

/** What comes back for each request; `id` is null where none could be read. */
export const readAnswer = record({ id: nullable(count), error: nullable(text), body: anything });

export const readDone = record({});

/** A tier or model that can be asked, or why not (`reach`). */
export const readModel = record({ name: text, ref: text, simulated: flag, reach: nullable(text) });
export type Model = Decoded<typeof readModel>;

export const readHello = record({
  version: oneOf(1),
  costmagic: text,
  tiers: list(readModel),
  scorers: list(record({ name: text, what: text })),
  /** What is wrong with costmagic.toml, else null. */
  mistake: nullable(text)
});
export type Hello = Decoded<typeof readHello>;

/** Data to evaluate on: never more of it than a few clipped rows. `rows` is null where counting would mean reading. */
export const readSource = record({
  kind: oneOf('frame', 'file', 'feature', 'sample'),
  name: text,
  rows: nullable(count),
  columns: list(text),
  examples: list(list(text)),
  /** What to begin with, where that is known. */
  prompt: nullable(text),
  feature: nullable(text)
});
export type Source = Decoded<typeof readSource>;
export const readSources = record({ sources: list(readSource) });

/** How an evaluation is asked for. */
export type Definition = Readonly<{
  data: Readonly<{ kind: Source['kind']; name: string }>;
  prompt: string;
  /** Null: agreement with the baseline. */
  expected: string | null;
  scorer: string;
  feature: string | null;
  baseline: string;
  candidates: readonly string[];
  margin: number;
  confidence: number;
  budget: string | null;
  limit: number | null;
}>;

export const readEstimate = record({
  items: count,
  calls: count,
  tokens: count,
  low: nullable(money),
  likely: nullable(money),
  most: nullable(money),
  cap: nullable(money),
  models: list(record({ name: text, ref: text, simulated: flag, calls: count, cost: nullable(money) })),
  /** What the estimate rests on, and what the user should know before starting. */
  notes: list(text)
});
export type Estimate = Decoded<typeof readEstimate>;

export const readPlain = record({ passes: flag, chance_of_error: number });

export const readCandidate = record({
  name: text,
  ref: text,
  simulated: flag,
  /** Pairs so far. */
  n: count,
  accuracy: nullable(number),
  /** By how much it is worse than the baseline, and the interval that holds the truth with the chosen confidence. */
  drop: nullable(number),
  low: nullable(number),
  high: nullable(number),
  cost_per_1000: nullable(money),
  verdict: oneOf('pass', 'fail', 'undecided'),
  /** Pairs still needed to decide, as far as can be told. */
  forecast: nullable(count),
  /** The article's rule (observed drop under the margin), and the chance that it errs. */
  plain: nullable(readPlain),
  errors: count,
  last_error: nullable(text)
});
export type Candidate = Decoded<typeof readCandidate>;

export const readRun = record({
  id: text,
  phase: oneOf('estimating', 'running', 'paused', 'out of budget', 'provider error', 'cancelled', 'done'),
  message: nullable(text),
  feature: nullable(text),
  spent: money,
  /** Some of it is no real money. */
  simulated: flag,
  /** Some calls have no known price: more may have been spent. */
  unpriced: flag,
  cap: nullable(money),
  eta_s: nullable(number),
  items: count,
  margin: number,
  confidence: number,
  baseline: record({
    name: text,
    ref: text,
    simulated: flag,
    n: count,
    accuracy: nullable(number),
    /** Agreement of the baseline with itself, where nothing is expected: nobody can do better. */
    ceiling: nullable(number),
    cost_per_1000: nullable(money)
  }),
  candidates: list(readCandidate),
  cheapest_passing: nullable(text),
  /** What adopting would save, in a line; null while that can't be told. */
  savings: nullable(text)
});
export type Run = Decoded<typeof readRun>;

/** A run that can be looked at, or gone on with. */
export const readStored = record({
  id: text,
  feature: nullable(text),
  started: text,
  phase: text,
  baseline: text,
  candidates: list(text),
  resumable: flag
});
export type Stored = Decoded<typeof readStored>;
export const readRuns = record({ runs: list(readStored) });

export const readDisagreement = record({
  /** Of all disagreements, and which one this is, from 0. */
  total: count,
  index: count,
  prompt: text,
  expected: nullable(text),
  baseline: text,
  baseline_score: nullable(number),
  candidate: text,
  candidate_score: nullable(number)
});
export type Disagreement = Decoded<typeof readDisagreement>;

export const readDisagreements = record({ item: nullable(readDisagreement) });
export const readCode = record({ code: text });
export const readAdopted = record({ policy: text, file: text });

/** A downgrade in force, with its evidence in words; `stale` says why it should be checked again. */
export const readPolicy = record({
  feature: text,
  source: text,
  target: text,
  evidence: list(record({ label: text, value: text })),
  stale: list(text),
  /** Whether the evaluation that it rests on is known here. */
  recheckable: flag
});
export type Policy = Decoded<typeof readPolicy>;
export const readPolicies = record({ policies: list(readPolicy), file: nullable(text) });

/** What calls of all kinds have cost; simulated money counts in no other. */
export const readTotal = record({
  calls: count,
  hits: count,
  cost: money,
  avoided: money,
  simulated_cost: money,
  unpriced: count
});

/** One of the six measures: texts for each group, and its headline as a bar. */
export const readMetric = record({
  name: text,
  title: text,
  columns: list(text),
  rows: list(
    record({
      /** Null for calls that name none. */
      name: nullable(text),
      simulated: flag,
      /** Of all columns but the first. */
      cells: list(text),
      /** The headline as a share of the largest one, and where it was designed to be on the same scale. */
      bar: nullable(number),
      design: nullable(number)
    })
  ),
  notes: list(text)
});
export type Metric = Decoded<typeof readMetric>;

/** The local days from `start` to `end`; `before` is the cost of as many days before. */
export const readSpend = record({
  start: text,
  end: text,
  total: readTotal,
  before: money,
  days: list(record({ day: text, cost: money, simulated_cost: money, unpriced: count })),
  metrics: list(readMetric)
});
export type Spend = Decoded<typeof readSpend>;

/** What one technique would have saved; `left` is what remains of the bill after it. */
export const readPlanStep = record({
  name: text,
  title: text,
  saving: money,
  left: money,
  /** At the upper end of a published range; null where none is used. */
  up_to: nullable(money),
  calls: count,
  assumed: flag,
  how: text,
  note: text,
  details: list(text),
  /** What belongs into costmagic.toml, and a cell's code; `cell` holds both. */
  setting: text,
  code: text,
  cell: text
});
export type PlanStep = Decoded<typeof readPlanStep>;
export const readPlan = record({
  days: number,
  simulated: flag,
  calls: count,
  /** Some calls have no known price: the bill is at least what it says. */
  unpriced: flag,
  bill: money,
  projected: money,
  notes: list(text),
  steps: list(readPlanStep)
});
export type Plan = Decoded<typeof readPlan>;
export const readAlerts = record({
  alerts: list(
    record({
      name: text,
      severity: oneOf('warning', 'critical'),
      title: text,
      lines: list(text),
      /** In this answer only: nobody at this user's notebooks has been told yet. */
      fresh: flag
    })
  ),
  silenced: list(record({ name: text, title: text, until: text })),
  /** What can't be judged yet, and why. */
  unsure: list(text),
  /** Why it could not be written down that they came up, else null. */
  trouble: nullable(text)
});
export type Alerts = Decoded<typeof readAlerts>;

/** For the status bar. */
export const readToday = record({ cost: money, unpriced: count, simulated_cost: money, calls: count });
export type Today = Decoded<typeof readToday>;

type None = Readonly<Record<string, never>>;
type OfRun = Readonly<{ run: string }>;

/** The fields of each request, beside `id` and `type`. */
export interface Requests {
  hello: None;
  sources: None;
  file: Readonly<{ path: string }>;
  estimate: Readonly<{ definition: Definition }>;
  run: Readonly<{ definition: Definition }>;
  watch: OfRun;
  pause: OfRun;
  /** With another cap, in USD, where one is given. */
  resume: Readonly<{ run: string; budget: string | null }>;
  cancel: OfRun;
  runs: None;
  disagreement: Readonly<{ run: string; candidate: string; index: number }>;
  code: OfRun;
  adopt: Readonly<{ run: string; candidate: string }>;
  policy: None;
  recheck: Readonly<{ feature: string }>;
  remove: Readonly<{ feature: string }>;
  plan: Readonly<{ days: number }>;
  spend: Readonly<{ days: number; by: string }>;
  today: None;
  alerts: None;
  /** For a time like 7d; "off" ends it. */
  silence: Readonly<{ name: string; time: string }>;
}
