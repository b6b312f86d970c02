/** A savings plan on the wire: see `../wire`. */
import { count, flag, list, money, nullable, number, record, text, type Decoded } from '../../shared/decode';

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
