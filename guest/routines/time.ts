/** Timestamps and durations (spec/rule-ir.md ). A timestamp's slot has its nanoseconds where others have a length. */
import { byteAt, isDigit, putByte, putDecimal, putPadded } from './number';
import { contentOf, DURATION, INT, lengthOf, NOWHERE, payloadOf, put, putInt, tagOf, TIMESTAMP } from './slot';

const SECOND: i64 = 1_000_000_000;
const DAY_SECONDS: i64 = 86_400;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;

export function secondsOf(slot: u32): i64 {
  return payloadOf(slot) as i64;
}

export function nanosOf(slot: u32): u32 {
  return lengthOf(slot);
}

/** Rounded down; `by` is positive. */
function floored(value: i64, by: i64): i64 {
  return value / by - (value % by < 0 ? 1 : 0);
}

function modulo(value: i64, by: i64): i64 {
  const rest = value % by;
  return rest < 0 ? rest + by : rest;
}

/** The error out of range. */
export function putTime(out: u32, top: u32, seconds: i64, nanos: u32): u32 {
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) return NOWHERE;
  put(out, TIMESTAMP, nanos, seconds);
  return top;
}

/** A timestamp so many nanoseconds later (`way` 1) or earlier (-1). */
export function shifted(out: u32, top: u32, time: u32, by: i64, way: i64): u32 {
  let seconds = secondsOf(time) + way * floored(by, SECOND);
  let nanos = (nanosOf(time) as i64) + way * modulo(by, SECOND);
  if (nanos < 0) {
    seconds -= 1;
    nanos += SECOND;
  } else if (nanos >= SECOND) {
    seconds += 1;
    nanos -= SECOND;
  }
  return putTime(out, top, seconds, nanos as u32);
}

/** Days from 1970-01-01 on, of the Gregorian calendar without a beginning; years begin in March, a leap day is their last. */
function daysOf(year: i32, month: i32, day: i32): i32 {
  const y = month <= 2 ? year - 1 : year;
  const era = (y >= 0 ? y : y - 399) / 400;
  const ofEra = y - era * 400;
  const ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468;
}

/** Year, month and day as `year << 16 | month << 8 | day`. */
function civilOf(days: i32): i32 {
  const late = days + 719_468;
  const era = (late >= 0 ? late : late - 146_096) / 146_097;
  const ofEra = late - era * 146_097;
  const yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365;
  const ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const index = (5 * ofYear + 2) / 153;
  const month = index < 10 ? index + 3 : index - 9;
  return ((yearOfEra + era * 400 + (month <= 2 ? 1 : 0)) << 16) | (month << 8) | (ofYear - (153 * index + 2) / 5 + 1);
}

/** So many digits at a place as a number, or -1. */
function digitsAt(at: u32, count: u32): i32 {
  let value = 0;
  for (let i: u32 = 0; i < count; i++) {
    const byte: u32 = load<u8>(at + i);
    if (!isDigit(byte)) return -1;
    value = value * 10 + (byte - 48);
  }
  return value;
}

/** Hours and minutes `hh:mm` as minutes, or -1. */
function clockAt(at: u32): i32 {
  const hours = digitsAt(at, 2);
  const minutes = digitsAt(at + 3, 2);
  return load<u8>(at + 2) == 58 && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 ? hours * 60 + minutes : -1;
}

/** Digits after a point as nanoseconds; those past the ninth are dropped. */
function fractionOf(at: u32, end: u32): u32 {
  let nanos: u32 = 0;
  for (let i: u32 = 0; i < 9; i++) nanos = nanos * 10 + (at + i < end ? load<u8>(at + i) - 48 : 0);
  return nanos;
}

function digitsEnd(at: u32, end: u32): u32 {
  while (isDigit(byteAt(at, end))) at += 1;
  return at;
}

/** `YYYY-MM-DDThh:mm:ss`, a fraction, and `Z` or `±hh:mm`. */
export function timeOfText(out: u32, top: u32, text: u32): u32 {
  let at = contentOf(text);
  const end = at + lengthOf(text);
  if (end - at < 20) return NOWHERE;
  const year = digitsAt(at, 4);
  const month = digitsAt(at + 5, 2);
  const day = digitsAt(at + 8, 2);
  const clock = clockAt(at + 11);
  const second = digitsAt(at + 17, 2);
  if (load<u8>(at + 4) != 45 || load<u8>(at + 7) != 45 || load<u8>(at + 10) != 84 || load<u8>(at + 16) != 58) return NOWHERE;
  if (year < 0 || month < 1 || month > 12 || day < 1 || clock < 0 || second < 0 || second > 59) return NOWHERE;
  const days = daysOf(year, month, day);
  // the day after the last one of a month comes back as another
  if ((civilOf(days) & 0xffff) != ((month << 8) | day)) return NOWHERE;
  at += 19;
  let nanos: u32 = 0;
  if (load<u8>(at) == 46) {
    const last = digitsEnd(at + 1, end);
    if (last == at + 1) return NOWHERE;
    nanos = fractionOf(at + 1, last);
    at = last;
  }
  const zone = byteAt(at, end);
  let east = 0;
  if (zone == 43 || zone == 45) {
    if (end - at != 6) return NOWHERE;
    east = clockAt(at + 1);
    if (east < 0) return NOWHERE;
    if (zone == 45) east = -east;
  } else if (zone != 90 || end - at != 1) return NOWHERE;
  return putTime(out, top, (days as i64) * DAY_SECONDS + ((clock - east) as i64) * 60 + second, nanos);
}

/** A point and up to nine digits, without the zeros behind them; nothing for 0. */
function putFraction(to: u32, nanos: u32): u32 {
  if (nanos == 0) return to;
  let end = putPadded(putByte(to, 46), nanos, 9);
  while (load<u8>(end - 1) == 48) end -= 1;
  return end;
}

export function putTimeText(to: u32, time: u32): u32 {
  const seconds = secondsOf(time);
  const civil = civilOf(floored(seconds, DAY_SECONDS) as i32);
  const left = modulo(seconds, DAY_SECONDS) as u32;
  to = putByte(putPadded(to, civil >> 16, 4), 45);
  to = putByte(putPadded(to, (civil >> 8) & 255, 2), 45);
  to = putByte(putPadded(to, civil & 255, 2), 84);
  to = putByte(putPadded(to, left / 3_600, 2), 58);
  to = putByte(putPadded(to, (left / 60) % 60, 2), 58);
  return putByte(putFraction(putPadded(to, left % 60, 2), nanosOf(time)), 90);
}

export function putDurationText(to: u32, nanos: i64): u32 {
  if (nanos < 0) to = putByte(to, 45);
  const size: u64 = nanos < 0 ? -nanos : nanos;
  return putByte(putFraction(putDecimal(to, size / 1_000_000_000), (size % 1_000_000_000) as u32), 115);
}

/** Nanoseconds of the unit at a place, its bytes in the low three bits of the answer above 2^59; 0 for none. */
function unitBytes(at: u32, end: u32): u32 {
  const first = byteAt(at, end);
  const second = byteAt(at + 1, end);
  if (second == 115 && (first == 110 || first == 117 || first == 109)) return 2;
  if (byteAt(at + 2, end) == 115 && ((first == 0xc2 && second == 0xb5) || (first == 0xce && second == 0xbc))) return 3;
  return first == 104 || first == 109 || first == 115 ? 1 : 0;
}

function unitNanos(at: u32, bytes: u32): u64 {
  const first: u32 = load<u8>(at);
  if (bytes == 1) return first == 104 ? 3_600_000_000_000 : first == 109 ? 60_000_000_000 : 1_000_000_000;
  return bytes == 3 || first == 117 ? 1_000 : first == 109 ? 1_000_000 : 1;
}

/** Past the greatest duration: what reaches it stays there. */
const TOO_LONG: u64 = 0x8000000000000001;

/** `1h30m`, `-1.5s`, `0`. */
export function durationOfText(out: u32, top: u32, text: u32): u32 {
  let at = contentOf(text);
  const end = at + lengthOf(text);
  const sign = byteAt(at, end);
  if (sign == 45 || sign == 43) at += 1;
  if (at == end) return NOWHERE;
  let sum: u64 = 0;
  if (!(end - at == 1 && load<u8>(at) == 48)) {
    while (at < end) {
      const start = at;
      at = digitsEnd(at, end);
      const whole = at;
      let last = at;
      if (byteAt(at, end) == 46) {
        last = digitsEnd(at + 1, end);
        at = last;
      }
      // a digit on one side of the point at least
      if (whole == start && last <= whole + 1) return NOWHERE;
      const bytes = unitBytes(at, end);
      if (bytes == 0) return NOWHERE;
      const unit = unitNanos(at, bytes);
      at += bytes;
      let count: u64 = 0;
      for (let i = start; i < whole; i++) count = count > 922_337_203_685_477_580 ? TOO_LONG : count * 10 + (load<u8>(i) - 48);
      const more = fraction(whole, last, unit);
      sum = count > (TOO_LONG - sum) / unit ? TOO_LONG : sum + count * unit;
      sum = min(TOO_LONG, sum + more);
    }
  }
  if (sum > (sign == 45 ? 0x8000000000000000 : 0x7fffffffffffffff)) return NOWHERE;
  put(out, DURATION, 0, sign == 45 ? -(sum as i64) : (sum as i64));
  return top;
}

/** The digits behind the point at `point`, up to nine, of a unit. */
function fraction(point: u32, end: u32, unit: u64): u64 {
  if (end <= point + 1) return 0;
  const parts: u64 = fractionOf(point + 1, end);
  return unit >= 1_000_000_000 ? parts * (unit / 1_000_000_000) : parts / (1_000_000_000 / unit);
}

const PART_DAY_OF_YEAR: u32 = 5;

/** a part by number, `zone` minutes east of UTC. */
export function partOfTime(out: u32, top: u32, value: u32, part: u32, zone: i32): u32 {
  if (tagOf(value) == DURATION) return partOfDuration(out, top, payloadOf(value), part, zone);
  if (tagOf(value) != TIMESTAMP) return NOWHERE;
  const local = secondsOf(value) + (zone as i64) * 60;
  const days = floored(local, DAY_SECONDS) as i32;
  const left = modulo(local, DAY_SECONDS) as i32;
  const civil = civilOf(days);
  putInt(out, timePart(part, days, left, civil, nanosOf(value)));
  return top;
}

function timePart(part: u32, days: i32, left: i32, civil: i32, nanos: u32): i32 {
  switch (part) {
    case 0:
      return civil >> 16;
    case 1:
      return ((civil >> 8) & 255) - 1;
    case 2:
      return civil & 255;
    case 3:
      return (civil & 255) - 1;
    case 4: {
      const day = (days + 4) % 7;
      return day < 0 ? day + 7 : day;
    }
    case PART_DAY_OF_YEAR:
      return days - daysOf(civil >> 16, 1, 1);
    case 6:
      return left / 3_600;
    case 7:
      return (left / 60) % 60;
    case 8:
      return left % 60;
    default:
      return nanos / 1_000_000;
  }
}

function partOfDuration(out: u32, top: u32, nanos: i64, part: u32, zone: i32): u32 {
  if (zone != 0 || part < 6) return NOWHERE;
  const value =
    part == 6 ? nanos / 3_600_000_000_000 : part == 7 ? nanos / 60_000_000_000 : part == 8 ? nanos / SECOND : (nanos / 1_000_000) % 1_000;
  putInt(out, value);
  return top;
}
