/**
 * What kernel and widgets say to each other. The twin of `costmagic/notebook/wire.py`; the files in `tests/wire/`
 * hold examples that the tests of both sides read.
 */
import { count, flag, list, money, nullable, number, oneOf, record, text, type Decoded } from './decode';

/** What kernel states say of a running call. */
export const FIGURES = {
  /** Null until they are counted; a cost of null is unpriced from then on. */
  input_tokens: nullable(count),
  output_tokens: count,
  /** Whether the figures are the provider's own or counted here. */
  usage: oneOf('reported', 'estimated', 'simulated'),
  cost: nullable(money),
  tokens_per_s: nullable(number),
  elapsed_s: number
};

export type Figures = { readonly [Field in keyof typeof FIGURES]: Decoded<(typeof FIGURES)[Field]> };

/** The running state of one call; the trait `state` of the meter. */
export const readMeter = record({
  version: oneOf(1),
  phase: oneOf('waiting', 'streaming', 'stopping', 'done'),
  tier: nullable(text),
  model: text,
  /** Why this model, in a word or two; `reason` says it in a sentence. */
  label: text,
  reason: text,
  simulated: flag,
  ...FIGURES,
  cache: oneOf('hit', 'miss', 'refreshed', 'off'),
  retries: count
});
export type Meter = Decoded<typeof readMeter>;

export const readBudget = record({
  name: text,
  limit: money,
  spent: money,
  reserved: money,
  left: money,
  /** Some calls have no known price: more may have been spent. */
  unpriced: flag
});
export type Budget = Decoded<typeof readBudget>;

/** The running total of a notebook; the trait `state` of `%llm meter`. */
export const readTotals = record({
  version: oneOf(1),
  calls: count,
  hits: count,
  cost: money,
  unpriced: count,
  avoided: money,
  simulated_cost: money,
  budgets: list(readBudget),
  /** Why the budgets can't be told, else null. */
  budget_error: nullable(text)
});
export type Totals = Decoded<typeof readTotals>;

/** From the meter to the kernel. */
export type ToKernel = Readonly<{ type: 'stop' }>;

/** From the kernel to the meter: the wish to stop has arrived. */
export const readAnswer = record({ type: oneOf('stopping') });
export type Answer = Decoded<typeof readAnswer>;
