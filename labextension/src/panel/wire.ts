/**
 * What kernel and panel say to each other; what belongs to one tab is beside its views. The twin of
 * `costmagic/notebook/panel_wire.py`, and of `plan_wire.py` beside it; `tests/wire/panel.json` holds examples that the
 * tests of both sides read.
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
import type { Definition } from './evaluation/wire';

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
