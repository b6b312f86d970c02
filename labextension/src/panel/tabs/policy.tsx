/** The downgrades in force: what they rest on, whether that still holds, and the way back. */
import * as React from 'react';

import { useAsked } from '../asked';
import type { Desk } from '../desk';
import { Button } from '../fields';
import { useTrans } from '../trans';
import { readDone, readPolicies, type Policy } from '../wire';
import type { TabSpec } from '.';

export const policyTab: TabSpec = { id: 'policy', label: trans => trans.__('Policy'), Tab: PolicyTab };

const NONE = {};

function PolicyTab({ desk }: { desk: Desk }): React.JSX.Element {
  const trans = useTrans();
  const { value, problem } = useAsked(desk, 'policy', readPolicies, NONE);
  const [refused, setRefused] = React.useState<string | null>(null);
  const remove = (feature: string): void => {
    desk.door.ask('remove', { feature }, readDone).then(
      () => {
        setRefused(null);
        desk.changed();
      },
      (error: unknown) => {
        setRefused(desk.told(error));
      }
    );
  };
  const recheck = (feature: string): void => {
    desk.tab.set('evaluate');
    void desk.evaluate.recheck(feature);
  };
  const said = refused ?? problem;
  const file = value?.file ?? null;
  return (
    <>
      {said === null ? null : (
        <p role="alert" className="cm-problem">
          {said}
        </p>
      )}
      {value === null ? (
        <p className="cm-muted">{said === null ? trans.__('Reading the policy…') : ''}</p>
      ) : value.policies.length === 0 ? (
        <p>{trans.__('Nothing is adopted yet. An evaluation that a cheaper model passes offers to adopt it.')}</p>
      ) : (
        <ul className="cm-policies">
          {value.policies.map(policy => (
            <Entry key={policy.feature} policy={policy} onRemove={remove} onRecheck={recheck} />
          ))}
        </ul>
      )}
      {file === null ? null : (
        <p className="cm-muted cm-hint">
          {trans.__('Written in')} <code>{file}</code>
        </p>
      )}
    </>
  );
}

interface EntryProps {
  policy: Policy;
  onRemove: (feature: string) => void;
  onRecheck: (feature: string) => void;
}

function Entry({ policy, onRemove, onRecheck }: EntryProps): React.JSX.Element {
  const trans = useTrans();
  const [sure, setSure] = React.useState(false);
  return (
    <li className="cm-policy" aria-label={policy.feature}>
      <div className="cm-policy-head">
        <strong>{policy.feature}</strong>
        <span>
          {policy.source} → {policy.target}
        </span>
        {policy.stale.length > 0 ? <span className="cm-badge cm-badge-warn">{trans.__('STALE')}</span> : null}
      </div>
      {policy.stale.map(reason => (
        <p key={reason} className="cm-stale">
          {reason}
        </p>
      ))}
      <dl className="cm-evidence">
        {policy.evidence.map(({ label, value }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className="cm-row">
        {policy.recheckable ? (
          <Button
            label={trans.__('Recheck %1', policy.feature)}
            onClick={() => {
              onRecheck(policy.feature);
            }}
          >
            {trans.__('Recheck')}
          </Button>
        ) : null}
        {sure ? (
          <>
            <Button
              label={trans.__('Yes, remove %1', policy.feature)}
              onClick={() => {
                onRemove(policy.feature);
              }}
            >
              {trans.__('Yes, remove it')}
            </Button>
            <Button
              onClick={() => {
                setSure(false);
              }}
            >
              {trans.__('Keep it')}
            </Button>
          </>
        ) : (
          <Button
            label={trans.__('Remove %1', policy.feature)}
            onClick={() => {
              setSure(true);
            }}
          >
            {trans.__('Remove')}
          </Button>
        )}
      </div>
    </li>
  );
}
