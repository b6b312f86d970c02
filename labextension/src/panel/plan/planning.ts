/** The plan that the kernel makes on request: it reads every call, so it is not made anew with each of them. */
import type { Desk } from '../desk';
import { Store } from '../store';
import { readPlan, type Plan } from './wire';

export interface Planned {
  plan: Plan | null;
  problem: string | null;
  /** One is being made. */
  busy: boolean;
  days: number;
  /** The desk's epoch when the plan was asked for: it is of another one once there were calls since. */
  epoch: number;
}

export class Planning {
  readonly shown = new Store<Planned>({ plan: null, problem: null, busy: false, days: 30, epoch: -1 });

  constructor(private readonly _desk: Desk) {}

  /** Make a plan of the last `days`; of several under way the last one asked for counts. */
  async make(days: number): Promise<void> {
    const epoch = this._desk.epoch.value;
    this.shown.put({ busy: true, days, epoch });
    const mine = this.shown.value;
    const wanted = (): boolean => this.shown.value === mine;
    try {
      const plan = await this._desk.door.ask('plan', { days }, readPlan);
      if (wanted()) {
        this.shown.put({ plan, problem: null, busy: false });
      }
    } catch (error) {
      const problem = this._desk.told(error);
      if (wanted()) {
        this.shown.put({ problem, busy: false });
      }
    }
  }
}
