/** The evaluation of one notebook: the form, its estimate, and the run that came of it. */
import { Unreachable } from './door';
import type { Desk } from './desk';
import { empty, keyOf, read, type Defaults, type Form } from './form';
import { Store } from './store';
import {
  readAdopted,
  readCode,
  readDisagreements,
  readEstimate,
  readRun,
  readRuns,
  readSource,
  readSources,
  type Definition,
  type Disagreement,
  type Estimate,
  type Requests,
  type Run,
  type Source,
  type Stored
} from './wire';

/** An estimate follows typing by this much. */
const DEBOUNCE_MS = 400;
const POLL_MS = 400;
/** How often a run that stands still is looked at: another home of the panel may have set it going. */
const IDLE_POLL_MS = 2_000;

export type Estimated =
  | Readonly<{ state: 'incomplete'; message: string }>
  | Readonly<{ state: 'pending' }>
  | Readonly<{ state: 'refused'; message: string }>
  | Readonly<{ state: 'ready'; estimate: Estimate; definition: Definition }>;

export interface Shown {
  run: Run | null;
  /** A click on the run's buttons is on its way. */
  asking: boolean;
  problem: string | null;
  /** What the last click has done. */
  done: string | null;
  code: string | null;
  disagreement: Disagreement | null;
  /** The candidate whose disagreements are looked at; null: none. */
  browsing: string | null;
}

const NOTHING: Shown = {
  run: null,
  asking: false,
  problem: null,
  done: null,
  code: null,
  disagreement: null,
  browsing: null
};

const MOVING: readonly Run['phase'][] = ['estimating', 'running'];

export class Evaluate {
  readonly form: Store<Form>;
  readonly sources = new Store<readonly Source[] | null>(null);
  readonly sourceProblem = new Store<string | null>(null);
  readonly estimated: Store<Estimated>;
  readonly shown = new Store<Shown>(NOTHING);
  readonly runs = new Store<readonly Stored[]>([]);
  private _files: readonly Source[] = [];
  private _due: ReturnType<typeof setTimeout> | undefined;
  private _poll: ReturnType<typeof setTimeout> | undefined;
  private _suggested = { prompt: '', feature: '' };
  private _turn = 0;
  private _refreshes = 0;
  private _estimating: Promise<void> = Promise.resolve();
  private _asked = 0;

  constructor(
    private readonly _desk: Desk,
    defaults: Defaults
  ) {
    this.form = new Store(empty(defaults));
    this.estimated = new Store<Estimated>({ state: 'incomplete', message: '' });
  }

  dispose(): void {
    clearTimeout(this._due);
    clearTimeout(this._poll);
  }

  /** Ask the kernel what there is: after connecting, and when a cell has ended. */
  async refresh(): Promise<void> {
    const turn = ++this._refreshes;
    await this._tolerant(async () => {
      const { sources } = await this._desk.door.ask('sources', {}, readSources);
      if (turn !== this._refreshes) {
        return; // answers come in any order: a later one tells more
      }
      this.sources.set([...sources, ...this._files]);
      this._choose();
      this.estimateSoon();
      await this._listRuns();
      const { run } = this.shown.value;
      const live = this.runs.value.find(one => MOVING.some(phase => phase === one.phase));
      const id = run?.id ?? live?.id;
      if (id !== undefined) {
        await this.open(id);
      }
    });
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
    const prompt = source.prompt ?? (input === undefined ? '' : `{{ ${input} }}`);
    this.change({
      source: keyOf(source),
      expected: known ? form.expected : (label ?? null),
      // What was suggested for other data is no wish of the user's.
      prompt: form.prompt === '' || form.prompt === this._suggested.prompt ? prompt : form.prompt,
      feature: form.feature === '' || form.feature === this._suggested.feature ? (source.feature ?? '') : form.feature
    });
    this._suggested = { prompt, feature: source.feature ?? '' };
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

  /** Start what was estimated, and nothing else. */
  async start(): Promise<void> {
    const estimated = this.estimated.value;
    if (estimated.state === 'ready') {
      this.shown.set(NOTHING);
      await this._act('run', { definition: estimated.definition });
    }
  }

  pause(): Promise<void> {
    return this._onRun('pause');
  }

  /** Go on where it stands, with another cap where one is given. */
  async resume(budget: string | null = null): Promise<void> {
    const { run } = this.shown.value;
    if (run !== null) {
      await this.goOn(run.id, budget);
    }
  }

  cancel(): Promise<void> {
    return this._onRun('cancel');
  }

  /** Show a run that is going on or stored. */
  async open(id: string): Promise<void> {
    if (this.shown.value.run?.id !== id) {
      this.shown.set(NOTHING);
    }
    await this._act('watch', { run: id });
  }

  /** Go on with a stored run. */
  async goOn(id: string, budget: string | null = null): Promise<void> {
    await this._act('resume', { run: id, budget });
  }

  async recheck(feature: string): Promise<void> {
    this.shown.set(NOTHING);
    await this._act('recheck', { feature });
  }

  /** Back to the form; the run goes on. */
  leave(): void {
    clearTimeout(this._poll);
    this.shown.set(NOTHING);
    void this._tolerant(() => this._listRuns());
  }

  async browse(candidate: string, index: number): Promise<void> {
    const { run } = this.shown.value;
    if (run !== null) {
      await this._tolerant(async () => {
        const asked = { run: run.id, candidate, index };
        const { item } = await this._desk.door.ask('disagreement', asked, readDisagreements);
        this.shown.put({ browsing: candidate, disagreement: item, problem: null });
      });
    }
  }

  async adopt(candidate: string): Promise<void> {
    const { run } = this.shown.value;
    if (run !== null) {
      await this._tolerant(async () => {
        const { policy } = await this._desk.door.ask('adopt', { run: run.id, candidate }, readAdopted);
        this.shown.put({ done: policy, problem: null });
        this._desk.changed();
      });
    }
  }

  /** The cell that reproduces the run; null when the kernel can't tell. */
  async code(): Promise<string | null> {
    const { run } = this.shown.value;
    let made: string | null = null;
    if (run !== null) {
      await this._tolerant(async () => {
        made = (await this._desk.door.ask('code', { run: run.id }, readCode)).code;
        this.shown.put({ code: made, problem: null });
      });
    }
    return made;
  }

  private async _onRun(type: 'pause' | 'cancel'): Promise<void> {
    const { run } = this.shown.value;
    if (run !== null) {
      await this._act(type, { run: run.id });
    }
  }

  /** Ask for something that is answered by the state of a run, and follow that. */
  private async _act<K extends 'run' | 'watch' | 'pause' | 'resume' | 'cancel' | 'recheck'>(
    type: K,
    fields: Requests[K]
  ): Promise<void> {
    clearTimeout(this._poll);
    const asked = ++this._asked;
    const quiet = type === 'watch';
    if (!quiet) {
      this.shown.put({ asking: true, problem: null });
    }
    try {
      const run = await this._desk.door.ask(type, fields, readRun);
      if (asked === this._asked) {
        const was = this.shown.value.run;
        this.shown.put({ run, asking: false, problem: null });
        if (was !== null && was.phase !== run.phase && !MOVING.includes(run.phase)) {
          this._desk.changed(); // money was spent, and a run has been stored
        }
        this._pollSoon(run);
      }
    } catch (error) {
      if (asked === this._asked) {
        this.shown.put({ asking: false });
        if (!(error instanceof Unreachable)) {
          this.shown.put({ problem: this._desk.told(error) });
        }
      }
    }
  }

  private _pollSoon(run: Run): void {
    const wait = MOVING.includes(run.phase) ? POLL_MS : run.phase === 'paused' ? IDLE_POLL_MS : null;
    if (wait !== null) {
      this._poll = setTimeout(() => {
        if (this.shown.value.run?.id === run.id) {
          void this._act('watch', { run: run.id });
        }
      }, wait);
    }
  }

  private async _listRuns(): Promise<void> {
    this.runs.set((await this._desk.door.ask('runs', {}, readRuns)).runs);
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

  private async _tolerant(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        this.shown.put({ problem: this._desk.told(error) });
      }
    }
  }
}
