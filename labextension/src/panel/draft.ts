/** An evaluation that is being put together: its data, the form, and what it would cost. */
import type { Desk } from './desk';
import { readEstimate, readSource, readSources, type Definition, type Estimate, type Source } from './evaluation/wire';
import { empty, keyOf, read, type Defaults, type Form } from './form';
import { Store } from './store';

/** An estimate follows typing by this much. */
const DEBOUNCE_MS = 400;

export type Estimated =
  | Readonly<{ state: 'incomplete'; message: string }>
  | Readonly<{ state: 'pending' }>
  | Readonly<{ state: 'refused'; message: string }>
  | Readonly<{ state: 'ready'; estimate: Estimate; definition: Definition }>;

/** What goes with the data, until the user wants something else. */
type Suggested = Pick<Form, 'prompt' | 'feature' | 'scorer'>;

export class Draft {
  readonly form: Store<Form>;
  /** Null until the kernel has told. */
  readonly sources = new Store<readonly Source[] | null>(null);
  readonly sourceProblem = new Store<string | null>(null);
  readonly estimated = new Store<Estimated>({ state: 'incomplete', message: '' });
  private _files: readonly Source[] = [];
  private _due: ReturnType<typeof setTimeout> | undefined;
  private readonly _usual: Suggested;
  private _suggested: Suggested;
  private _turn = 0;
  private _refreshes = 0;
  private _estimating: Promise<void> = Promise.resolve();

  constructor(
    private readonly _desk: Desk,
    defaults: Defaults
  ) {
    this.form = new Store(empty(defaults));
    this._suggested = this._usual = this.form.value;
  }

  dispose(): void {
    clearTimeout(this._due);
  }

  /** Ask the kernel what data there is. */
  async refresh(): Promise<void> {
    const turn = ++this._refreshes;
    const { sources } = await this._desk.door.ask('sources', {}, readSources);
    if (turn !== this._refreshes) {
      return; // answers come in any order: a later one tells more
    }
    this.sources.set([...sources, ...this._files]);
    this._choose();
    this.estimateSoon();
  }

  change(fields: Partial<Form>): void {
    this.form.put(fields);
    this.estimateSoon();
  }

  /** Choose data; what was chosen of the former data's columns does not carry over where it is missing. */
  choose(source: Source): void {
    const form = this.form.value;
    const label = source.columns.find(name => /^(label|expected|answer|target|department|category)$/i.test(name));
    const input = source.columns.find(name => name !== label);
    const known = form.expected !== null && source.columns.includes(form.expected);
    const suggested = {
      prompt: source.prompt ?? (input === undefined ? '' : `{{ ${input} }}`),
      feature: source.feature ?? '',
      scorer: source.scorer ?? this._usual.scorer
    };
    // What was suggested for other data is no wish of the user's.
    const wished = (field: keyof Suggested): boolean => form[field] !== '' && form[field] !== this._suggested[field];
    this.change({
      source: keyOf(source),
      expected: known ? form.expected : (label ?? null),
      prompt: wished('prompt') ? form.prompt : suggested.prompt,
      feature: wished('feature') ? form.feature : suggested.feature,
      ...(wished('scorer') ? {} : { scorer: suggested.scorer, argument: '' })
    });
    this._suggested = suggested;
  }

  /** Look at a CSV or JSONL file, and choose it. */
  async lookAtFile(): Promise<void> {
    this.sourceProblem.set(null);
    try {
      const source = await this._desk.door.ask('file', { path: this.form.value.path.trim() }, readSource);
      this._files = [...this._files.filter(one => keyOf(one) !== keyOf(source)), source];
      this.sources.set([...(this.sources.value ?? []).filter(one => keyOf(one) !== keyOf(source)), source]);
      this.choose(source);
    } catch (error) {
      this.sourceProblem.set(this._desk.told(error));
    }
  }

  estimateSoon(): void {
    clearTimeout(this._due);
    const definition = read(this.form.value, this.sources.value ?? [], this._desk.trans);
    const turn = ++this._turn;
    if (typeof definition === 'string') {
      this.estimated.set({ state: 'incomplete', message: definition });
      return;
    }
    this.estimated.set({ state: 'pending' });
    this._due = setTimeout(() => void this._estimate(definition, turn), DEBOUNCE_MS);
  }

  /** One at a time: a large file takes its time to be read. */
  private async _estimate(definition: Definition, turn: number): Promise<void> {
    const before = this._estimating;
    const mine = (this._estimating = (async () => {
      await before;
      if (turn !== this._turn) {
        return; // something else is asked for by now
      }
      let now: Estimated;
      try {
        const estimate = await this._desk.door.ask('estimate', { definition }, readEstimate);
        now = { state: 'ready', estimate, definition };
      } catch (error) {
        now = { state: 'refused', message: this._desk.told(error) };
      }
      if (turn === this._turn) {
        this.estimated.set(now);
      }
    })());
    await mine;
  }

  /** First choices, where nothing is chosen yet; data that is gone is no choice. */
  private _choose(): void {
    const form = this.form.value;
    const hello = this._desk.hello.value;
    const sources = this.sources.value ?? [];
    if (form.source !== '' && !sources.some(one => keyOf(one) === form.source)) {
      this.form.put({ source: '' });
    }
    if (form.baseline === '' && hello !== null) {
      const able = hello.tiers.filter(tier => tier.reach === null);
      const baseline = able[0];
      const seen = new Set(baseline ? [baseline.ref] : []);
      // Two tiers with one model need one evaluation.
      const others = able.filter(tier => !seen.has(tier.ref) && seen.add(tier.ref));
      this.form.put({ baseline: baseline?.name ?? '', candidates: others.map(tier => tier.name) });
    }
  }
}
