/** Where a candidate answered otherwise than the baseline, one item at a time. */
import * as React from 'react';

import { integer } from '../../shared/format';
import type { Evaluate } from '../evaluate';
import { Button, Select } from '../fields';
import { useStore } from '../store';
import { useTrans } from '../trans';
import type { Disagreement, Run } from './wire';
import { diff } from './diff';

export function Disagreements({ evaluate, run }: { evaluate: Evaluate; run: Run }): React.JSX.Element {
  const trans = useTrans();
  const { browsing, disagreement } = useStore(evaluate.shown);
  // What adopting would lose comes first. A run that went on meanwhile has more to show.
  const first = browsing ?? run.cheapest_passing ?? run.candidates[0]?.name;
  const found = run.candidates.reduce((sum, candidate) => sum + candidate.n, 0);
  React.useEffect(() => {
    if (first !== undefined) {
      void evaluate.browse(first, 0);
    }
  }, [evaluate, run.id, found]);
  const turn = (step: number): void => {
    if (disagreement !== null && browsing !== null) {
      void evaluate.browse(browsing, disagreement.index + step);
    }
  };
  return (
    <section className="cm-disagreements" aria-label={trans.__('Disagreements')}>
      <h3>{trans.__('Disagreements')}</h3>
      <Select
        label={trans.__('Candidate')}
        value={browsing ?? ''}
        choices={run.candidates.map(({ name }) => ({ value: name, label: name }))}
        onChange={name => {
          void evaluate.browse(name, 0);
        }}
      />
      {disagreement === null ? (
        <p className="cm-muted">{trans.__('It answered every item as the baseline did.')}</p>
      ) : (
        <>
          <div className="cm-row">
            <Button
              disabled={disagreement.index === 0}
              onClick={() => {
                turn(-1);
              }}
            >
              {trans.__('Previous')}
            </Button>
            <span role="status" className="cm-number">
              {trans.__('%1 of %2', integer(disagreement.index + 1), integer(disagreement.total))}
            </span>
            <Button
              disabled={disagreement.index + 1 >= disagreement.total}
              onClick={() => {
                turn(1);
              }}
            >
              {trans.__('Next')}
            </Button>
          </div>
          <Item item={disagreement} run={run} candidate={browsing ?? ''} />
        </>
      )}
    </section>
  );
}

interface ItemProps {
  item: Disagreement;
  run: Run;
  candidate: string;
}

function Item({ item, run, candidate }: ItemProps): React.JSX.Element {
  const trans = useTrans();
  const parts = diff(item.baseline, item.candidate);
  return (
    <div className="cm-item">
      <h4>{trans.__('Prompt')}</h4>
      <div className="cm-text" tabIndex={0} role="group" aria-label={trans.__('Prompt')}>
        {item.prompt}
      </div>
      {item.expected === null ? null : (
        <>
          <h4>{trans.__('Expected')}</h4>
          <div className="cm-text">{item.expected}</div>
        </>
      )}
      <div className="cm-sides">
        <div>
          <h4>
            {run.baseline.name} <Score value={item.baseline_score} />
          </h4>
          <div className="cm-text">{item.baseline}</div>
        </div>
        <div>
          <h4>
            {candidate} <Score value={item.candidate_score} />
          </h4>
          <div className="cm-text">
            {parts === null
              ? item.candidate
              : parts.map((part, index) =>
                  part.kind === 'same' ? (
                    <span key={index}>{part.text}</span>
                  ) : part.kind === 'gone' ? (
                    <del key={index}>{part.text}</del>
                  ) : (
                    <ins key={index}>{part.text}</ins>
                  )
                )}
          </div>
        </div>
      </div>
    </div>
  );
}

function Score({ value }: { value: number | null }): React.JSX.Element {
  const trans = useTrans();
  if (value === null) {
    return <span className="cm-muted">{trans.__('not scored')}</span>;
  }
  const told =
    value === 1 ? trans.__('right') : value === 0 ? trans.__('wrong') : trans.__('score %1', value.toFixed(2));
  return <span className={value === 1 ? 'cm-good' : 'cm-bad'}>{told}</span>;
}
