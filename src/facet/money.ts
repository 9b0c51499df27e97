/** Exact decimal amounts (spec/facet.md T-8): never a float product. */

const DECIMAL = /^(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/;
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * T-8: the amount in hundredths of its unit (`minor`: already in hundredths), rounded up. Undefined when it is not a
 * plain non-negative decimal (a sign, a separator, a currency sign) or past 2^53 − 1.
 */
export function hundredths(value: unknown, minor: boolean): number | undefined {
  if (typeof value === 'number') {
    if (!(value >= 0) || value > Number.MAX_SAFE_INTEGER) return undefined;
    if (value === 0) return 0; // a negative zero too
    if (Number.isInteger(value)) {
      if (minor) return value;
      const scaled = value * 100;
      return Number.isSafeInteger(scaled) ? scaled : undefined;
    }
    return scaled(String(value), minor);
  }
  if (typeof value === 'bigint') return value < 0n ? undefined : safe(minor ? value : value * 100n);
  if (typeof value === 'string') return scaled(value.trim(), minor);
  return undefined;
}

function scaled(text: string, minor: boolean): number | undefined {
  if (text.length > 96) return undefined;
  const parts = DECIMAL.exec(text);
  if (parts === null) return undefined;
  const fraction = parts[2] ?? '';
  const digits = BigInt(parts[1] + fraction);
  if (digits === 0n) return 0;
  const shift = Number(parts[3] ?? '0') - fraction.length + (minor ? 0 : 2);
  if (shift >= 0) return shift > 18 ? undefined : safe(digits * 10n ** BigInt(shift));
  const divisor = 10n ** BigInt(-shift);
  return safe((digits + divisor - 1n) / divisor);
}

const safe = (value: bigint): number | undefined => (value > SAFE ? undefined : Number(value));
