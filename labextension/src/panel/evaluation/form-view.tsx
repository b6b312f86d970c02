/** What to find out, and what that will cost. */
import * as React from 'react';

import { integer } from '../../shared/format';
import type { Desk } from '../desk';
import type { Evaluate } from '../evaluate';
import { Select, TextArea, TextField } from '../fields';
import { keyOf } from '../form';
import { useStore } from '../store';
import { useTrans, type Trans } from '../trans';
import type { Hello } from '../wire';
import type { Source } from './wire';
import { EstimateView } from './estimate-view';
import { SourceView } from './source-view';

export function FormView({ desk }: { desk: Desk }): React.JSX.Element {
  const trans = useTrans();
  const hello = useStore(desk.hello);
  const { evaluate } = desk;
  const form = useStore(evaluate.draft.form);
  const sources = useStore(evaluate.draft.sources);
  const source = sources?.find(one => keyOf(one) === form.source);
  const rows = source?.rows ?? null;
  const mistake = hello?.mistake ?? null;
  const numbers = [
    ['margin', trans.__('Margin'), '%'],
    ['confidence', trans.__('Confidence'), '%'],
    ['cap', trans.__('Spending cap'), 'USD'],
    ['limit', trans.__('Items at most'), rows === null ? '' : trans.__('of %1', integer(rows))]
  ] as const;
  return (
    <form
      className="cm-form"
      aria-label={trans.__('What to evaluate')}
      onSubmit={event => {
        event.preventDefault();
      }}
    >
      {mistake === null ? null : (
        <p role="alert" className="cm-problem">
          {mistake}
        </p>
      )}
      <SourceView evaluate={evaluate} sources={sources} chosen={source} />
      <TextArea
        label={trans.__('Prompt')}
        value={form.prompt}
        hint={columnsHint(source, trans)}
        onChange={prompt => {
          evaluate.draft.change({ prompt });
        }}
      />
      <Select
        label={trans.__('What is right')}
        value={form.expected === null ? '' : `=${form.expected}`}
        choices={[
          { value: '', label: trans.__('what the baseline answers') },
          ...(source?.columns ?? []).map(name => ({ value: `=${name}`, label: trans.__('column %1', name) }))
        ]}
        onChange={value => {
          evaluate.draft.change({ expected: value === '' ? null : value.slice(1) });
        }}
      />
      <Scorer evaluate={evaluate} hello={hello} />
      <Models evaluate={evaluate} hello={hello} />
      <div className="cm-columns">
        {numbers.map(([field, label, unit]) => (
          <TextField
            key={field}
            numeric
            label={label}
            unit={unit}
            value={form[field]}
            onChange={value => {
              evaluate.draft.change({ [field]: value });
            }}
          />
        ))}
      </div>
      <TextField
        label={trans.__('Feature')}
        value={form.feature}
        hint={trans.__('What the spend is booked on. A model can be adopted for a feature only.')}
        onChange={feature => {
          evaluate.draft.change({ feature });
        }}
      />
      <EstimateView evaluate={evaluate} />
    </form>
  );
}

function columnsHint(source: Source | undefined, trans: Trans): string {
  return source === undefined
    ? trans.__('Columns go into double braces.')
    : trans.__('Columns: %1', source.columns.map(name => `{{ ${name} }}`).join(' '));
}

/** Scorers that can be told more, and what. */
const ARGUMENTS: Readonly<Record<string, (trans: Trans) => string>> = {
  choice: trans => trans.__('Labels, separated by commas'),
  regex: trans => trans.__('Pattern'),
  numeric: trans => trans.__('Tolerance, like 0.01 or 1%'),
  json: trans => trans.__('Fields, separated by commas'),
  judge: trans => trans.__('Model that judges')
};

function Scorer({ evaluate, hello }: { evaluate: Evaluate; hello: Hello | null }): React.JSX.Element {
  const trans = useTrans();
  const form = useStore(evaluate.draft.form);
  const scorers = hello?.scorers ?? [];
  const more = ARGUMENTS[form.scorer];
  return (
    <>
      <Select
        label={trans.__('Scorer')}
        value={form.scorer}
        choices={scorers.map(({ name }) => ({ value: name, label: name }))}
        hint={scorers.find(({ name }) => name === form.scorer)?.what ?? ''}
        onChange={scorer => {
          evaluate.draft.change({ scorer, argument: '' });
        }}
      />
      {more === undefined ? null : (
        <TextField
          label={more(trans)}
          value={form.argument}
          onChange={argument => {
            evaluate.draft.change({ argument });
          }}
        />
      )}
    </>
  );
}

function Models({ evaluate, hello }: { evaluate: Evaluate; hello: Hello | null }): React.JSX.Element {
  const trans = useTrans();
  const form = useStore(evaluate.draft.form);
  const [other, setOther] = React.useState('');
  const tiers = hello?.tiers ?? [];
  const added = form.candidates.filter(name => !tiers.some(tier => tier.name === name));
  const known = [
    ...tiers.map(({ name, ref, reach, simulated }) => ({ name, told: ref, reach, simulated })),
    ...added.map(name => ({ name, told: '', reach: null, simulated: name.startsWith('sim:') }))
  ];
  const baseline = known.find(({ name }) => name === form.baseline);
  const alike = tiers.length > 0 && known.every(({ told }) => told === baseline?.told);
  const toggle = (name: string, on: boolean): void => {
    const rest = form.candidates.filter(one => one !== name);
    evaluate.draft.change({ candidates: on ? [...rest, name] : rest });
  };
  const add = (): void => {
    const name = other.trim();
    if (name !== '') {
      toggle(name, true);
      setOther('');
    }
  };
  return (
    <>
      <Select
        label={trans.__('Baseline')}
        value={form.baseline}
        choices={known.map(({ name, told, reach }) => ({
          value: name,
          label: told === '' ? name : `${name} · ${told}`,
          disabled: reach !== null
        }))}
        onChange={baseline => {
          evaluate.draft.change({ baseline });
        }}
      />
      <fieldset className="cm-candidates-field">
        <legend>{trans.__('Candidates')}</legend>
        {known
          .filter(({ name }) => name !== form.baseline)
          .map(({ name, told, reach, simulated }) => (
            <label key={name} className={reach === null ? 'cm-check' : 'cm-check cm-muted'}>
              <input
                type="checkbox"
                checked={form.candidates.includes(name)}
                disabled={reach !== null}
                onChange={event => {
                  toggle(name, event.target.checked);
                }}
              />
              <span>
                {name} <span className="cm-muted">{reach ?? told}</span>{' '}
                {simulated ? <span className="cm-badge cm-badge-warn">{trans.__('SIMULATED')}</span> : null}
              </span>
            </label>
          ))}
        {alike ? (
          <p className="cm-hint">
            {trans.__('All tiers are one model here. Add another one; sim:claude-haiku-5-5 shows how it works.')}
          </p>
        ) : null}
        <span className="cm-field-row">
          <input
            type="text"
            className="cm-input"
            aria-label={trans.__('Another model, as provider:model')}
            placeholder={trans.__('provider:model')}
            spellCheck={false}
            value={other}
            onChange={event => {
              setOther(event.target.value);
            }}
            onKeyDown={event => {
              if (event.key === 'Enter') {
                event.preventDefault();
                add();
              }
            }}
          />
          <button type="button" className="cm-button" onClick={add}>
            {trans.__('Add')}
          </button>
        </span>
      </fieldset>
    </>
  );
}
