/** What was spent, and the alerts about it, on the wire: see `../wire`. */
import { count, flag, list, money, nullable, number, oneOf, record, text, type Decoded } from '../../shared/decode';

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
