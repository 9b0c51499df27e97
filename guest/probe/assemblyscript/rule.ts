// Says in the trace what it finds, through every function of the library; test/guest-sdk.test.ts reads it.
import { call, FAIL, FAULT, hash, input, log, oracle, PASS, read, Slot, verify } from "ava";
import { AGENT_NAME, ARGS_FLAG, ARGS_KEY, ARGS_LIST, ARGS_MAP, ARGS_NESTED, ARGS_NUMBER } from "./inputs";

export { alloc } from "ava";

const ACCENTS = "é€😀";

function describe(slot: Slot): string {
  if (slot.isBool) return slot.bool ? "true" : "false";
  if (slot.isInt) return slot.int.toString();
  if (slot.isText) return '"' + slot.toString() + '"';
  let text = "";
  if (slot.isList) {
    for (let i = 0; i < slot.length; i++) text += (i > 0 ? "," : "") + describe(slot.item(i));
    return "[" + text + "]";
  }
  if (slot.isMap) {
    for (let i = 0; i < slot.length; i++) text += (i > 0 ? "," : "") + describe(slot.key(i)) + ":" + describe(slot.value(i));
    return "{" + text + "}";
  }
  return slot.isAbsent ? "absent" : slot.isNull ? "null" : "other";
}

function hex(address: usize, length: i32): string {
  let text = "";
  for (let i = 0; i < length; i++) {
    const byte = load<u8>(address + <usize>i);
    text += String.fromCharCode(digit(byte >> 4)) + String.fromCharCode(digit(byte & 15));
  }
  return text;
}

function digit(value: u8): i32 {
  return value < 10 ? 48 + value : 87 + value;
}

export function judge(address: usize, length: i32): i32 {
  const flag = input(address, ARGS_FLAG);
  const key = input(address, ARGS_KEY);
  const list = input(address, ARGS_LIST);
  const map = input(address, ARGS_MAP);
  log(describe(flag));
  log(describe(input(address, ARGS_NUMBER)));
  log(describe(key));
  log(describe(list));
  log(describe(map));
  log(describe(input(address, ARGS_NESTED)));
  log(describe(input(address, AGENT_NAME)));
  if (key.isAbsent) return FAULT;
  // Comparisons of each text with the key.
  let orders = "";
  for (let i = 0; list.isList && i < list.length; i++) {
    const item = list.item(i);
    const order = item.compare(key);
    orders += order < 0 ? "<" : order > 0 ? ">" : "=";
    if (item.equals(key) != (order == 0)) return FAULT;
  }
  log(orders);
  log(describe(map.getText(key)) + " " + describe(map.get("a")) + " " + describe(map.get(ACCENTS)));
  log((key.is(ACCENTS) ? "is " : "") + (key.startsWith(ACCENTS) ? "starts " : "") + (key.endsWith(ACCENTS) ? "ends " : "") + (key.startsWith("") && key.endsWith("") ? "." : ""));
  log(key.length > 0 ? key.byte(0).toString() : "empty");
  log(hex(hash(key.address, key.length), 32));
  log(verify(1, key, key, key) ? "verified" : "not verified");
  log(describe(read("agent.name")));
  log(describe(read("session.labels")));
  log(describe(oracle("prices/gold", 60000)));
  // After answers the input is still what it was.
  log(describe(map));
  const other = call("other/rule");
  return other == PASS ? PASS : other == FAIL ? FAIL : FAULT;
}
