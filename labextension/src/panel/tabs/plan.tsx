/** What to do next about the bill, and what it would have saved on the calls of the last days. */
import * as React from 'react';

import { dollars } from '../../shared/format';
import type { Desk } from '../desk';
import { percent } from '../evaluation/figures';
import { Button, Select } from '../fields';
import { Steps } from '../plan/steps';
import { Waterfall } from '../plan/waterfall';
import { useStore } from '../store';
import { useTrans } from '../trans';
import type { Plan } from '../plan/wire';
import type { TabSpec } from '.';

export const planTab: TabSpec = { id: 'plan', label: trans => trans.__('Plan'), Tab: PlanTab };

const DAYS = [7, 30, 90] as const;

function PlanTab({ desk }: { desk: Desk }): React.JSX.Element {
  const trans = useTrans();
  const { planning } = desk;
  const { plan, problem, busy, days, epoch } = useStore(planning.shown);
  const now = useStore(desk.epoch);
  React.useEffect(() => {
    if (planning.shown.value.epoch < 0) {
      void planning.make(planning.shown.value.days);
    }
  }, [planning]);
  return (
    <>
      {problem === null ? null : (
        <p role="alert" className="cm-problem">
          {problem}
        </p>
      )}
      <div className="cm-row cm-plan-head">
        <Select
          label={trans.__('Calls of the last')}
          value={String(days)}
          choices={DAYS.map(n => ({ value: String(n), label: trans.__('%1 days', n) }))}
          onChange={value => {
            void planning.make(Number(value));
          }}
        />
        <Button
          disabled={busy}
          onClick={() => {
            void planning.make(days);
          }}
        >
          {trans.__('Plan again')}
        </Button>
      </div>
      <p role="status" aria-live="polite" className="cm-muted">
        {busy ? trans.__('Reading the calls…') : epoch >= 0 && now > epoch ? trans.__('There were cells since.') : ''}
      </p>
      {plan === null ? null : <Planned plan={plan} />}
    </>
  );
}

function Planned({ plan }: { plan: Plan }): React.JSX.Element {
  const trans = useTrans();
  const bill = Number(plan.bill);
  return (
    <>
      {plan.simulated ? <span className="cm-badge cm-badge-warn">{trans.__('SIMULATED')}</span> : null}
      {bill > 0 ? (
        <p>
          {trans.__(
            '%1 could have been %2: %3 less.',
            dollars(plan.bill, plan.unpriced),
            dollars(plan.projected, plan.unpriced),
            percent(1 - Number(plan.projected) / bill)
          )}
        </p>
      ) : null}
      <Waterfall plan={plan} />
      {plan.notes.map(note => (
        <p key={note} className="cm-hint">
          {note}
        </p>
      ))}
      {plan.calls > 0 ? <Steps plan={plan} /> : null}
    </>
  );
}
