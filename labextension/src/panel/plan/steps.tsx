/** What each technique would save, how that was computed, and what does it. */
import * as React from 'react';

import { dollars, integer } from '../../shared/format';
import { percent } from '../evaluation/figures';
import { Button } from '../fields';
import { useHost } from '../host';
import { useTrans } from '../trans';
import type { Plan, PlanStep } from './wire';

export function Steps({ plan }: { plan: Plan }): React.JSX.Element {
  const trans = useTrans();
  return (
    <ol className="cm-steps" aria-label={trans.__('Techniques, the least effort first')}>
      {plan.steps.map(step => (
        <Step key={step.name} step={step} bill={Number(plan.bill)} />
      ))}
    </ol>
  );
}

function Step({ step, bill }: { step: PlanStep; bill: number }): React.JSX.Element {
  const trans = useTrans();
  const saves = Number(step.saving) > 0;
  return (
    <li className="cm-step" aria-label={step.title}>
      <div className="cm-step-head">
        <strong>{step.title}</strong>
        {saves ? (
          <>
            <span>
              {trans.__('saves %1 (%2)', dollars(step.saving), percent(Number(step.saving) / bill))}
              {step.up_to === null ? '' : `, ${trans.__('up to %1', dollars(step.up_to))}`}
            </span>
            {step.assumed ? (
              <span className="cm-badge cm-badge-warn">{trans.__('ASSUMED')}</span>
            ) : (
              <span className="cm-badge">{trans.__('measured')}</span>
            )}
          </>
        ) : (
          <span className="cm-muted">{trans.__('nothing found')}</span>
        )}
      </div>
      {step.note === '' ? null : <p>{step.note}</p>}
      {saves ? (
        <Explained step={step} />
      ) : (
        <details>
          <summary className="cm-hint">{trans.__('How it was looked for, and what to do')}</summary>
          <Explained step={step} />
        </details>
      )}
    </li>
  );
}

function Explained({ step }: { step: PlanStep }): React.JSX.Element {
  const trans = useTrans();
  return (
    <div className="cm-explained">
      <p className="cm-hint">
        {step.how}
        {step.calls > 0 ? ` ${trans._n('%2 call.', '%2 calls.', step.calls, integer(step.calls))}` : ''}
      </p>
      {step.details.length === 0 ? null : (
        <ul className="cm-details">
          {step.details.map((line, place) => (
            <li key={place}>{line}</li>
          ))}
        </ul>
      )}
      <Remedy step={step} />
    </div>
  );
}

function Remedy({ step }: { step: PlanStep }): React.JSX.Element {
  const trans = useTrans();
  const host = useHost();
  return (
    <>
      {step.setting === '' ? null : <Block label={trans.__('costmagic.toml')} text={step.setting} />}
      {step.code === '' ? null : <Block label={trans.__('cell')} text={step.code} />}
      {host.insertCell ? (
        <div className="cm-row">
          <Button
            label={trans.__('Insert as code: %1', step.title)}
            onClick={() => {
              host.insertCell?.(step.cell);
            }}
          >
            {trans.__('Insert as code')}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function Block({ label, text }: { label: string; text: string }): React.JSX.Element {
  return (
    <div className="cm-block">
      <span className="cm-hint">{label}</span>
      <pre className="cm-code" tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </div>
  );
}
