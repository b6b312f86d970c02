/** Data, estimates, runs and what comes of them, on the wire: see `../wire`. */
import { count, flag, list, money, nullable, number, oneOf, record, text, type Decoded } from '../../shared/decode';

/** Data to evaluate on: never more of it than a few clipped rows. `rows` is null where counting would mean reading. */
export const readSource = record({
  kind: oneOf('frame', 'file', 'feature', 'sample'),
  name: text,
  rows: nullable(count),
  columns: list(text),
  examples: list(list(text)),
  /** What to begin with, where that is known. */
  prompt: nullable(text),
  feature: nullable(text),
  scorer: nullable(text)
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
