/** Timestamps and durations: reading, writing, parts (spec/rule-ir.md ). All in integers. */
import { fitsI64 } from './constant.ts';
import { type Duration, duration, type Timestamp } from './value.ts';

const SECOND = 1_000_000_000n;
const DAY_SECONDS = 86_400n;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const FIRST_SECOND = -62_135_596_800n;
const LAST_SECOND = 253_402_300_799n;

/** Rounded down. `by` is positive. */
const floored = (value: bigint, by: bigint): bigint => value / by - (value % by < 0n ? 1n : 0n);
const modulo = (value: bigint, by: bigint): bigint => ((value % by) + by) % by;

/** Undefined when it is out of range. `nanos` may be any number. */
export function timestampOf(seconds: bigint, nanos: bigint): Timestamp | undefined {
  const whole = seconds + floored(nanos, SECOND);
  if (whole < FIRST_SECOND || whole > LAST_SECOND) return undefined;
  return { kind: 'ts', seconds: whole, nanos: Number(modulo(nanos, SECOND)) };
}

export const durationOf = (nanos: bigint): Duration | undefined => (fitsI64(nanos) ? duration(nanos) : undefined);

/** Nanoseconds from 1970 on. */
export const nanosOf = ({ seconds, nanos }: Timestamp): bigint => seconds * SECOND + BigInt(nanos);

/** Days from 1970-01-01 on, of the Gregorian calendar without a beginning. */
function daysOf(year: bigint, month: bigint, day: bigint): bigint {
  // Years begin in March, so that a leap day is a year's last.
  const y = month <= 2n ? year - 1n : year;
  const era = floored(y, 400n);
  const ofEra = y - era * 400n;
  const ofYear = (153n * (month > 2n ? month - 3n : month + 9n) + 2n) / 5n + day - 1n;
  return era * 146_097n + ofEra * 365n + ofEra / 4n - ofEra / 100n + ofYear - 719_468n;
}

interface Civil {
  readonly year: bigint;
  readonly month: bigint;
  readonly day: bigint;
}

function civilOf(days: bigint): Civil {
  const shifted = days + 719_468n;
  const era = floored(shifted, 146_097n);
  const ofEra = shifted - era * 146_097n;
  const yearOfEra = (ofEra - ofEra / 1_460n + ofEra / 36_524n - ofEra / 146_096n) / 365n;
  const ofYear = ofEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const index = (5n * ofYear + 2n) / 153n;
  const month = index < 10n ? index + 3n : index - 9n;
  return { year: yearOfEra + era * 400n + (month <= 2n ? 1n : 0n), month, day: ofYear - (153n * index + 2n) / 5n + 1n };
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Digits after a point as nanoseconds; those past the ninth are dropped. */
const fractionNanos = (digits: string): bigint => BigInt(digits.slice(0, 9).padEnd(9, '0'));

/** */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(BigInt);
  const [zoneHour, zoneMinute] = [BigInt(match[9] ?? 0), BigInt(match[10] ?? 0)];
  if (hour > 23n || minute > 59n || second > 59n || zoneHour > 23n || zoneMinute > 59n) return undefined;
  const days = daysOf(year, month, day);
  const civil = civilOf(days);
  if (month < 1n || month > 12n || civil.month !== month || civil.day !== day) return undefined;
  const offset = (zoneHour * 60n + zoneMinute) * (match[8] === '-' ? -60n : 60n);
  const seconds = days * DAY_SECONDS + hour * 3_600n + minute * 60n + second - offset;
  return timestampOf(seconds, fractionNanos(match[7] ?? ''));
}

const padded = (value: bigint, digits: number): string => value.toString().padStart(digits, '0');
const fractionText = (nanos: bigint): string => (nanos === 0n ? '' : `.${padded(nanos, 9).replace(/0+$/, '')}`);

export function timestampText({ seconds, nanos }: Timestamp): string {
  const { year, month, day } = civilOf(floored(seconds, DAY_SECONDS));
  const left = modulo(seconds, DAY_SECONDS);
  const clock = [left / 3_600n, (left / 60n) % 60n, left % 60n].map((part) => padded(part, 2)).join(':');
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}T${clock}${fractionText(BigInt(nanos))}Z`;
}

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['h', 3_600n * SECOND],
  ['m', 60n * SECOND],
  ['s', SECOND],
  ['ms', 1_000_000n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ns', 1n],
]);
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|h|m|s)/y;

/** */
export function parseDuration(text: string): Duration | undefined {
  const signed = /^[+-]/.test(text);
  if ((signed ? text.slice(1) : text) === '0') return duration(0n);
  let at = signed ? 1 : 0;
  if (at === text.length) return undefined;
  let sum = 0n;
  while (at < text.length) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (match === null) return undefined;
    const [whole, digits = ''] = match[1].split('.');
    const unit = UNITS.get(match[2]) ?? 0n;
    sum += BigInt(whole) * unit + (fractionNanos(digits) * unit) / SECOND;
    at += match[0].length;
  }
  return durationOf(text.startsWith('-') ? -sum : sum);
}

export function durationText({ nanos }: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? '-' : ''}${size / SECOND}${fractionText(size % SECOND)}s`;
}

/** parts by number. */
export const TIME_PARTS = [
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getDayOfYear',
  'getHours',
  'getMinutes',
  'getSeconds',
  'getMilliseconds',
] as const;
const ZONE_MIDDLE = 1_440;
const ZONE_MAX = 1_439;

/** The immediate of `tsget`: a part and the minutes east of UTC. */
export const partNumber = (part: number, zone_minutes: number): number => part + (zone_minutes === 0 ? 0 : 16 * (ZONE_MIDDLE + zone_minutes));
export const partOf = (immediate: number): number => immediate & 15;
export const zoneOf = (immediate: number): number => (immediate < 16 ? 0 : (immediate >>> 4) - ZONE_MIDDLE);
export function isPartNumber(immediate: number): boolean {
  const zone = zoneOf(immediate);
  return partOf(immediate) < TIME_PARTS.length && zone >= -ZONE_MAX && zone <= ZONE_MAX && partNumber(partOf(immediate), zone) === immediate;
}

/** `UTC`, `+05:30`, `-02:00`, `02:00` as minutes east; undefined for anything else. */
export function zoneMinutes(text: string): number | undefined {
  if (text === 'UTC' || text === 'Z') return 0;
  const match = /^([+-]?)([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

/** R-22, of a timestamp. */
export function timestampPart({ seconds, nanos }: Timestamp, immediate: number): bigint {
  const local = seconds + BigInt(zoneOf(immediate)) * 60n;
  const days = floored(local, DAY_SECONDS);
  const left = modulo(local, DAY_SECONDS);
  const { year, month, day } = civilOf(days);
  switch (TIME_PARTS[partOf(immediate)]) {
    case 'getFullYear':
      return year;
    case 'getMonth':
      return month - 1n;
    case 'getDate':
      return day;
    case 'getDayOfMonth':
      return day - 1n;
    case 'getDayOfWeek':
      return modulo(days + 4n, 7n);
    case 'getDayOfYear':
      return days - daysOf(year, 1n, 1n);
    case 'getHours':
      return left / 3_600n;
    case 'getMinutes':
      return (left / 60n) % 60n;
    case 'getSeconds':
      return left % 60n;
    default:
      return BigInt(nanos) / 1_000_000n;
  }
}

/** R-22, of a duration: undefined for a part that it has not. */
export function durationPart({ nanos }: Duration, immediate: number): bigint | undefined {
  if (zoneOf(immediate) !== 0) return undefined;
  switch (TIME_PARTS[partOf(immediate)]) {
    case 'getHours':
      return nanos / (3_600n * SECOND);
    case 'getMinutes':
      return nanos / (60n * SECOND);
    case 'getSeconds':
      return nanos / SECOND;
    case 'getMilliseconds':
      return (nanos / 1_000_000n) % 1_000n;
    default:
      return undefined;
  }
}
