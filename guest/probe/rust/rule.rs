//! Says in the trace what it finds, through every function of the library; test/guest-sdk.test.ts reads it.
#![no_std]

mod inputs;

use ava::{host, Answer, Input, Slot};
use core::cmp::Ordering;

ava::rule!(judge);

const ACCENTS: &str = "é€😀";

/// A line of the trace.
struct Line {
    bytes: [u8; 1024],
    length: usize,
}

impl Line {
    fn new() -> Line {
        Line { bytes: [0; 1024], length: 0 }
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Line {
        self.bytes[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
        self
    }

    fn number(&mut self, value: i64) -> &mut Line {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = value.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            self.put(b"-");
        }
        self.put(&digits[at..])
    }

    fn quoted(&mut self, text: &[u8]) -> &mut Line {
        self.put(b"\"").put(text).put(b"\"")
    }

    fn describe(&mut self, slot: Slot) -> &mut Line {
        if let Some(value) = slot.bool() {
            self.put(if value { b"true" } else { b"false" });
        } else if let Some(value) = slot.int() {
            self.number(value);
        } else if let Some(text) = slot.text() {
            self.quoted(text);
        } else if let Some(list) = slot.list() {
            self.put(b"[");
            for (i, item) in list.iter().enumerate() {
                self.put(if i > 0 { b"," } else { b"" }).describe(item);
            }
            self.put(b"]");
        } else if let Some(map) = slot.map() {
            self.put(b"{");
            for i in 0..map.len() {
                self.put(if i > 0 { b"," } else { b"" }).quoted(map.key(i)).put(b":").describe(map.value(i));
            }
            self.put(b"}");
        } else {
            self.put(if slot.is_absent() { b"absent" } else { b"other" });
        }
        self
    }

    fn log(&mut self) {
        host::log(core::str::from_utf8(&self.bytes[..self.length]).unwrap_or("not UTF-8"));
    }
}

fn judge(input: Input) -> Answer {
    let key = input.slot(inputs::ARGS_KEY);
    let map = input.slot(inputs::ARGS_MAP);
    let list = input.slot(inputs::ARGS_LIST);
    Line::new().describe(input.slot(inputs::ARGS_FLAG)).log();
    Line::new().describe(input.slot(inputs::ARGS_NUMBER)).log();
    Line::new().describe(key).log();
    Line::new().describe(list).log();
    Line::new().describe(map).log();
    Line::new().describe(input.slot(inputs::ARGS_NESTED)).log();
    Line::new().describe(input.slot(inputs::AGENT_NAME)).log();
    let text = match key.text() {
        Some(text) => text,
        None => return Answer::Fault,
    };
    let mut orders = Line::new();
    for item in list.list().into_iter().flat_map(|items| items.iter()).filter_map(|item| item.text()) {
        orders.put(match item.cmp(text) {
            Ordering::Less => b"<",
            Ordering::Equal => b"=",
            Ordering::Greater => b">",
        });
    }
    orders.log();
    let mut found = Line::new();
    for key in [text, b"a", ACCENTS.as_bytes()] {
        if found.length > 0 {
            found.put(b" ");
        }
        match map.map() {
            Some(map) => found.describe(map.get(key)),
            None => found.put(b"absent"),
        };
    }
    found.log();
    let mut same = Line::new();
    let accents = ACCENTS.as_bytes();
    same.put(if text == accents { b"is " } else { b"" });
    same.put(if text.starts_with(accents) { b"starts " } else { b"" });
    same.put(if text.ends_with(accents) { b"ends " } else { b"" });
    same.put(b".").log();
    match text.first() {
        Some(byte) => Line::new().number(i64::from(*byte)).log(),
        None => Line::new().put(b"empty").log(),
    }
    let mut hex = Line::new();
    for byte in host::hash(text) {
        for nibble in [byte >> 4, byte & 15] {
            hex.put(&[if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble }]);
        }
    }
    hex.log();
    Line::new().put(if host::verify(1, text, text, text) { b"verified" } else { b"not verified" }).log();
    let mut room = [0; 1024];
    for path in ["agent.name", "session.labels"] {
        match host::read(path, &mut room) {
            Some(slot) => Line::new().describe(slot).log(),
            None => return Answer::Fault,
        }
    }
    match host::oracle("prices/gold", 60_000, &mut room) {
        Some(slot) => Line::new().describe(slot).log(),
        None => return Answer::Fault,
    }
    Line::new().describe(map).log();
    host::call("other/rule")
}
