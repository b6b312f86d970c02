/** What the user has filled in, and what it amounts to. */
import type { Trans } from './trans';
import type { Definition, Source } from './evaluation/wire';

export interface Form {
  /** Of the source chosen; the empty text when none is. */
  source: string;
  /** A CSV or JSONL file to look at. */
  path: string;
  prompt: string;
  /** Null: agreement with the baseline. */
  expected: string | null;
  scorer: string;
  /** Of the scorer: a tolerance, fields, a model. */
  argument: string;
  feature: string;
  baseline: string;
  candidates: readonly string[];
  /** Percent, percent, USD, items: as typed. */
  margin: string;
  confidence: string;
  cap: string;
  limit: string;
}

export interface Defaults {
  /** Shares, and USD as typed. */
  margin: number;
  confidence: number;
  cap: string;
}

/** Also the first choices: the dearest tier against all cheaper ones. */
export function empty(defaults: Defaults): Form {
  return {
    source: '',
    path: '',
    prompt: '',
    expected: null,
    scorer: 'exact',
    argument: '',
    feature: '',
    baseline: '',
    candidates: [],
    margin: percent(defaults.margin),
    confidence: percent(defaults.confidence),
    cap: defaults.cap,
    limit: ''
  };
}

function percent(share: number): string {
  return String(Number((share * 100).toFixed(6)));
}

export function keyOf(source: Source): string {
  return `${source.kind}:${source.name}`;
}

/** The number that a field holds, null when it holds none within the bounds, which are excluded. */
function between(text: string, low: number, high: number): number | null {
  const value = text.trim() === '' ? NaN : Number(text);
  return value > low && value < high ? value : null;
}

/** What the form asks for, or in a line what it lacks. */
export function read(form: Form, sources: readonly Source[], trans: Trans): Definition | string {
  const source = sources.find(one => keyOf(one) === form.source);
  const margin = between(form.margin, 0, 100);
  const confidence = between(form.confidence, 50, 100);
  const cap = form.cap.trim();
  const limit = form.limit.trim();
  const candidates = form.candidates.filter(name => name !== form.baseline);
  if (source === undefined) {
    return trans.__('Choose the data to evaluate on.');
  }
  if (form.prompt.trim() === '') {
    return trans.__('Write the prompt, with columns in double braces.');
  }
  if (form.expected !== null && !source.columns.includes(form.expected)) {
    return trans.__('Choose the column that holds what is expected.');
  }
  if (form.baseline === '') {
    return trans.__('Choose the baseline.');
  }
  if (candidates.length === 0) {
    return trans.__('Choose at least one candidate other than the baseline.');
  }
  if (margin === null) {
    return trans.__('The margin is a percentage between 0 and 100.');
  }
  if (confidence === null) {
    return trans.__('The confidence is a percentage between 50 and 100.');
  }
  if (cap !== '' && !/^(\d+(\.\d*)?|\.\d+)$/.test(cap)) {
    return trans.__('The cap is an amount of dollars.');
  }
  if (limit !== '' && !/^[1-9]\d*$/.test(limit)) {
    return trans.__('At most how many items is a whole number.');
  }
  return {
    data: { kind: source.kind, name: source.name },
    prompt: form.prompt,
    expected: form.expected,
    scorer: form.argument.trim() === '' ? form.scorer : `${form.scorer}(${form.argument.trim()})`,
    feature: form.feature.trim() === '' ? null : form.feature.trim(),
    baseline: form.baseline,
    candidates,
    margin: margin / 100,
    confidence: confidence / 100,
    budget: cap === '' ? null : cap,
    limit: limit === '' ? null : Number(limit)
  };
}
