/** The choice of data, and a glance at what was chosen. */
import * as React from 'react';

import { integer } from '../../shared/format';
import type { Evaluate } from '../evaluate';
import { Button, Select, TextField } from '../fields';
import { keyOf } from '../form';
import { useStore } from '../store';
import { useTrans, type Trans } from '../trans';
import type { Source } from './wire';

interface Props {
  evaluate: Evaluate;
  /** Null while the kernel has not told them yet. */
  sources: readonly Source[] | null;
  chosen: Source | undefined;
}

/** No source's key: its entry asks for a path. */
const FILE = 'file';

export function SourceView({ evaluate, sources, chosen }: Props): React.JSX.Element {
  const trans = useTrans();
  const form = useStore(evaluate.draft.form);
  const problem = useStore(evaluate.draft.sourceProblem);
  const [asksForPath, setAsksForPath] = React.useState(false);
  const choices = [
    { value: '', label: sources === null ? trans.__('looking for data…') : trans.__('choose…') },
    ...(sources ?? []).map(one => ({ value: keyOf(one), label: named(one, trans) })),
    { value: FILE, label: trans.__('a CSV or JSONL file…') }
  ];
  return (
    <>
      <Select
        label={trans.__('Data')}
        value={asksForPath ? FILE : form.source}
        choices={choices}
        onChange={value => {
          setAsksForPath(value === FILE);
          const source = sources?.find(one => keyOf(one) === value);
          if (source !== undefined) {
            evaluate.draft.choose(source);
          }
        }}
      />
      {asksForPath ? (
        <div className="cm-field-row cm-path">
          <TextField
            label={trans.__('Path of the file')}
            value={form.path}
            onChange={path => {
              evaluate.draft.change({ path });
            }}
          />
          <Button
            onClick={() => {
              void evaluate.draft.lookAtFile().then(() => {
                if (evaluate.draft.sourceProblem.value === null) {
                  setAsksForPath(false);
                }
              });
            }}
          >
            {trans.__('Look')}
          </Button>
        </div>
      ) : null}
      {problem === null ? null : (
        <p role="alert" className="cm-problem">
          {problem}
        </p>
      )}
      {sources?.some(one => one.kind === 'frame') === false && chosen === undefined ? (
        <p className="cm-hint">
          {trans.__(
            'There is no DataFrame in this notebook yet: run the cell that makes one, or begin with the bundled sample.'
          )}
        </p>
      ) : null}
      {chosen === undefined || chosen.examples.length === 0 ? null : <Examples source={chosen} />}
    </>
  );
}

function named(source: Source, trans: Trans): string {
  const rows = source.rows === null ? '' : trans._n(' · %1 row', ' · %1 rows', source.rows);
  switch (source.kind) {
    case 'frame':
      return trans.__('%1%2 × %3', source.name, rows, integer(source.columns.length));
    case 'file':
      return trans.__('file %1%2', source.name, rows);
    case 'feature':
      return trans.__('past calls of %1%2', source.name, rows);
    case 'sample':
      return trans.__('bundled sample: support tickets%1', rows);
  }
}

function Examples({ source }: { source: Source }): React.JSX.Element {
  const trans = useTrans();
  return (
    <div className="cm-examples" tabIndex={0} role="group" aria-label={trans.__('First rows')}>
      <table>
        <thead>
          <tr>
            {source.columns.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {source.examples.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
