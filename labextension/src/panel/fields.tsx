/** Labelled controls. */
import * as React from 'react';

interface ButtonProps {
  onClick: () => void;
  children: React.ReactNode;
  primary?: boolean;
  disabled?: boolean;
  label?: string;
}

/** A disabled one stays reachable, so that what it is for can be read. */
export function Button({ onClick, children, primary, disabled, label }: ButtonProps): React.JSX.Element {
  return (
    <button
      type="button"
      className={primary ? 'cm-button cm-mod-primary' : 'cm-button'}
      aria-disabled={disabled ?? false}
      aria-label={label}
      onClick={() => {
        if (!disabled) {
          onClick();
        }
      }}
    >
      {children}
    </button>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** A word after the value: its unit. */
  unit?: string;
  hint?: string;
  numeric?: boolean;
}

export function TextField({ label, value, onChange, unit, hint, numeric }: FieldProps): React.JSX.Element {
  const id = React.useId();
  return (
    <div className="cm-field">
      <label htmlFor={id}>{label}</label>
      <span className="cm-field-row">
        <input
          id={id}
          type="text"
          inputMode={numeric ? 'decimal' : 'text'}
          className={numeric ? 'cm-input cm-mod-short' : 'cm-input'}
          spellCheck={false}
          value={value}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
          onChange={event => {
            onChange(event.target.value);
          }}
        />
        {unit === undefined ? null : <span className="cm-muted">{unit}</span>}
      </span>
      {hint === undefined ? null : (
        <span id={`${id}-hint`} className="cm-hint">
          {hint}
        </span>
      )}
    </div>
  );
}

export function TextArea({ label, value, onChange, hint }: FieldProps): React.JSX.Element {
  const id = React.useId();
  return (
    <div className="cm-field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="cm-input"
        rows={4}
        spellCheck={false}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={event => {
          onChange(event.target.value);
        }}
      />
      {hint === undefined ? null : (
        <span id={`${id}-hint`} className="cm-hint">
          {hint}
        </span>
      )}
    </div>
  );
}

interface SelectProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  choices: readonly Readonly<{ value: string; label: string; disabled?: boolean }>[];
  hint?: string;
}

export function Select({ label, value, onChange, choices, hint }: SelectProps): React.JSX.Element {
  const id = React.useId();
  return (
    <div className="cm-field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="cm-input"
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={event => {
          onChange(event.target.value);
        }}
      >
        {choices.map(choice => (
          <option key={choice.value} value={choice.value} disabled={choice.disabled ?? false}>
            {choice.label}
          </option>
        ))}
      </select>
      {hint === undefined ? null : (
        <span id={`${id}-hint`} className="cm-hint">
          {hint}
        </span>
      )}
    </div>
  );
}
