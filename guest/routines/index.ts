/** What the emitter may call (spec/rule-wasm.md W-12). What a module calls, directly or not, is linked into it; no more. */
export { add, boolOf, containsAny, divide, endsAny, equalAny, getAny, hasAny, less, lessOrEqual, memberAny, multiply, negate, rangeOf, remainder, settleAny, size, startsAny, subtract } from './arithmetic';
export { merge } from './container';
export { matchAny, toBool, toBytes, toDouble, toDuration, toInt, toText, toTime, toUint, typeOf } from './convert';
export { format } from './format';
export { abs, bitAnd, bitNot, bitOr, bitShiftLeft, bitShiftRight, bitXor, ceil, floor, greatest, isFinite, isInf, isNaN, least, round, sign, sqrt, trunc } from './math';
export { base64Decode, base64Encode, charAt, indexOf, indexOfFrom, join, joinWith, lastIndexOf, lastIndexOfFrom, lowerAscii, quote, replace, replaceTimes, reverse, split, splitTimes, substring, substringFrom, trim, upperAscii } from './strings';
export { partOfTime } from './time';
