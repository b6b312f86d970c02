/**
 * What kernel and browser say of comparisons. The twin of `costmagic/notebook/compare_wire.py`;
 * `tests/wire/compare.json` holds examples that the tests of both sides read.
 */
import { count, flag, list, nullable, number, oneOf, record, text, type Decoded } from '../shared/decode';
import { FIGURES } from '../shared/wire';

/** The meter of a column. */
export const readFigures = record({ ...FIGURES, first_token_s: nullable(number) });

export const readBadge = record({ text, kind: oneOf('success', 'warn', 'error') });
export type Badge = Decoded<typeof readBadge>;

/** One column; `model` and `figures` are null while names are hidden. */
export const readColumn = record({
  label: text,
  model: nullable(text),
  phase: oneOf('waiting', 'streaming', 'stopping', 'ok', 'refused', 'error', 'interrupted'),
  badges: list(readBadge),
  figures: nullable(readFigures),
  /** Made safe by the kernel, and once more here. */
  html: text,
  vote: nullable(flag),
  kept: flag,
  can_vote: flag
});
export type Column = Decoded<typeof readColumn>;

/** The trait `state` of a running comparison. */
export const readCompare = record({
  version: oneOf(1),
  hidden: flag,
  /** The column, from 0, that the others are shown as different from. */
  against: nullable(count),
  columns: list(readColumn)
});
export type Compare = Decoded<typeof readCompare>;

/** To the kernel; `column` counts from 0, and null means all of them or none. */
export type Judgement =
  | Readonly<{ type: 'vote'; column: number; good: boolean | null }>
  | Readonly<{ type: 'keep'; column: number }>
  | Readonly<{ type: 'reveal' }>;
export type ToKernel =
  Judgement | Readonly<{ type: 'stop'; column: number | null }> | Readonly<{ type: 'against'; column: number | null }>;

/** The comm by which clicks below a finished comparison reach the kernel. */
export const TARGET = 'costmagic.compare';
export type Judging = Readonly<{ comparison: string; do: Judgement | null }>;

export const readJudged = record({ comparison: text, known: flag, error: nullable(text) });
export type Judged = Decoded<typeof readJudged>;

/** What the saved figures of a comparison say of its votes; they hold much more. */
export const MIME = 'application/vnd.costmagic.compare+json';
export const readSaved = record({
  version: oneOf(1),
  id: text,
  finished: flag,
  hidden: flag,
  columns: list(
    record({
      label: text,
      state: oneOf('waiting', 'streaming', 'ok', 'refused', 'error', 'interrupted'),
      vote: nullable(flag),
      kept: flag
    })
  )
});
export type Saved = Decoded<typeof readSaved>;
