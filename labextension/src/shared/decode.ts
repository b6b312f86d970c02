/**
 * Checks what comes from the kernel before it is shown: data of another version of costmagic, or of a saved
 * notebook, must not break a view. A decoder returns its value typed, or throws a `DecodeError`.
 */
export type Decoder<T> = (value: unknown) => T;

export type Decoded<D> = D extends Decoder<infer T> ? T : never;

export class DecodeError extends Error {}

function fail(wanted: string, value: unknown): never {
  throw new DecodeError(`expected ${wanted}, not ${JSON.stringify(value)}`);
}

export const text: Decoder<string> = value => (typeof value === 'string' ? value : fail('a text', value));

export const flag: Decoder<boolean> = value => (typeof value === 'boolean' ? value : fail('true or false', value));

export const number: Decoder<number> = value =>
  typeof value === 'number' && Number.isFinite(value) ? value : fail('a number', value);

/** A whole number, 0 or more. */
export const count: Decoder<number> = value =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : fail('a count', value);

/** USD as a decimal string, exact: never a float. */
export const money: Decoder<string> = value =>
  typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? value : fail('an amount', value);

/** None in Python: unknown, which is not 0. */
export function nullable<T>(decode: Decoder<T>): Decoder<T | null> {
  return value => (value === null ? null : decode(value));
}

export function oneOf<const T extends string | number>(...values: T[]): Decoder<T> {
  return value => values.find(known => known === value) ?? fail(`one of ${values.join(', ')}`, value);
}

export function list<T>(decode: Decoder<T>): Decoder<T[]> {
  return value => (Array.isArray(value) ? value.map(item => decode(item)) : fail('a list', value));
}

/** An object with exactly these fields; `record.fields` tells which. */
export function record<F extends Record<string, Decoder<unknown>>>(
  fields: F
): Decoder<{ [K in keyof F]: Decoded<F[K]> }> & { readonly fields: readonly string[] } {
  const names = Object.keys(fields);
  const decode = (value: unknown): { [K in keyof F]: Decoded<F[K]> } => {
    if (typeof value !== 'object' || value === null) {
      return fail('an object', value);
    }
    const given = value as Record<string, unknown>;
    return Object.fromEntries(
      names.map(name => {
        try {
          return [name, fields[name]?.(given[name])];
        } catch (error) {
          throw error instanceof DecodeError ? new DecodeError(`${name}: ${error.message}`) : error;
        }
      })
    ) as { [K in keyof F]: Decoded<F[K]> };
  };
  return Object.assign(decode, { fields: names });
}
