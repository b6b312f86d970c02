/** What is out of line, and buttons that silence it for a time. */
import * as React from 'react';

import type { Desk } from '../desk';
import { Button } from '../fields';
import { useStore } from '../store';
import { useTrans } from '../trans';
import type { Alerts } from './wire';

export function AlertList({ desk }: { desk: Desk }): React.JSX.Element | null {
  const trans = useTrans();
  const value = useStore(desk.alerts);
  const [refused, setRefused] = React.useState<string | null>(null);
  const silence = (name: string, time: string): void => {
    void desk.silence(name, time).then(setRefused);
  };
  if (value === null) {
    return null;
  }
  return (
    <section className="cm-alerts" aria-label={trans.__('Alerts')}>
      {refused === null ? null : (
        <p role="alert" className="cm-problem">
          {refused}
        </p>
      )}
      <ul>
        {value.alerts.map(alert => (
          <Entry key={alert.name} alert={alert} onSilence={silence} />
        ))}
      </ul>
      {value.alerts.length === 0 ? <p className="cm-muted">{trans.__('No alerts.')}</p> : null}
      {value.silenced.map(({ name, until }) => (
        <p key={name} className="cm-muted">
          {trans.__('%1 is silenced until %2.', name, until)}{' '}
          <Button
            label={trans.__('Tell %1 again', name)}
            onClick={() => {
              silence(name, 'off');
            }}
          >
            {trans.__('Tell again')}
          </Button>
        </p>
      ))}
      {value.trouble === null ? null : (
        <p className="cm-problem">{trans.__('The ledger can’t be written: %1', value.trouble)}</p>
      )}
      {value.unsure.length === 0 ? null : (
        <details>
          <summary className="cm-muted">
            {trans._n('%1 alert can’t be judged yet', '%1 alerts can’t be judged yet', value.unsure.length)}
          </summary>
          {value.unsure.map(one => (
            <p key={one} className="cm-muted cm-hint">
              {one}
            </p>
          ))}
        </details>
      )}
    </section>
  );
}

interface EntryProps {
  alert: Alerts['alerts'][number];
  onSilence: (name: string, time: string) => void;
}

function Entry({ alert, onSilence }: EntryProps): React.JSX.Element {
  const trans = useTrans();
  const critical = alert.severity === 'critical';
  return (
    <li className={critical ? 'cm-alert cm-mod-critical' : 'cm-alert'} aria-label={alert.name}>
      <p>
        <span className="cm-badge cm-badge-warn">{critical ? trans.__('CRITICAL') : trans.__('WARNING')}</span>{' '}
        {alert.title}
      </p>
      {alert.lines.length === 0 ? null : (
        <details>
          <summary className="cm-muted">{trans.__('What to do')}</summary>
          {alert.lines.map(line => (
            <p key={line}>{line}</p>
          ))}
        </details>
      )}
      <div className="cm-row">
        <Button
          label={trans.__('Silence %1 for a day', alert.name)}
          onClick={() => {
            onSilence(alert.name, '1d');
          }}
        >
          {trans.__('Silence for a day')}
        </Button>
        <Button
          label={trans.__('Silence %1 for a week', alert.name)}
          onClick={() => {
            onSilence(alert.name, '7d');
          }}
        >
          {trans.__('for a week')}
        </Button>
      </div>
    </li>
  );
}
