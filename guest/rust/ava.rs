//! AVA's library for rules in Rust (spec/guest.md, the ABI `buffer`; spec/input.md, the buffer): one file, `no_std`,
//! any rustc from 1.63 on. A rule is a crate of its own:
//!
//! ```ignore
//! #![no_std]
//! use ava::{Answer, Input};
//!
//! ava::rule!(judge);
//!
//! fn judge(input: Input) -> Answer {
//!     Answer::pass_if(input.slot(0).int() <= input.slot(1).int())
//! }
//! ```
//!
//! No floats, no allocation. A value is read where it lies in the buffer. A reader of another type gives `None`; an index
//! past the end, a slice past the end and every other panic end the rule in a trap (`unreachable`), and the manifest's
//! `on_fault` decides.
#![cfg_attr(not(test), no_std)]

use core::cmp::Ordering;

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Answer {
    Fail = 0,
    /// It cannot tell: the manifest's `on_fault` decides.
    Fault = 1,
    Pass = 2,
}

impl Answer {
    pub fn pass_if(condition: bool) -> Answer {
        if condition {
            Answer::Pass
        } else {
            Answer::Fail
        }
    }
}

const SLOT_BYTES: usize = 16;

/// The most bytes of an input buffer (I-7).
pub const BUFFER_BYTES_MAX: usize = 65_536;

// I-2
const TAG_NULL: u8 = 1;
const TAG_BOOL: u8 = 2;
const TAG_INT: u8 = 3;
const TAG_UINT: u8 = 4;
const TAG_DOUBLE: u8 = 5;
const TAG_TIMESTAMP: u8 = 6;
const TAG_DURATION: u8 = 7;
const TAG_TEXT: u8 = 8;
const TAG_BYTES: u8 = 9;
const TAG_LIST: u8 = 10;
const TAG_MAP: u8 = 11;

static ABSENT: [u8; SLOT_BYTES] = [0; SLOT_BYTES];

/// The input buffer.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    bytes: &'a [u8],
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { bytes }
    }

    /// The input of this number, in the order of `inputs` and `uses` together, sorted (`avactl rules build` lists them).
    pub fn slot(self, number: usize) -> Slot<'a> {
        Slot { bytes: self.bytes, slot: &self.bytes[number * SLOT_BYTES..][..SLOT_BYTES] }
    }
}

/// A value of the input buffer, or the lack of one.
#[derive(Clone, Copy)]
pub struct Slot<'a> {
    bytes: &'a [u8],
    slot: &'a [u8],
}

impl<'a> Slot<'a> {
    fn tag(self) -> u8 {
        self.slot[0]
    }

    fn length(self) -> usize {
        u32::from_le_bytes([self.slot[4], self.slot[5], self.slot[6], self.slot[7]]) as usize
    }

    fn payload(self) -> u64 {
        let p = &self.slot[8..16];
        u64::from_le_bytes([p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]])
    }

    /// Whether there is no value: the path is not there, or what is there does not fit its type.
    pub fn is_absent(self) -> bool {
        self.tag() == 0
    }

    pub fn is_null(self) -> bool {
        self.tag() == TAG_NULL
    }

    pub fn bool(self) -> Option<bool> {
        (self.tag() == TAG_BOOL).then(|| self.payload() != 0)
    }

    pub fn int(self) -> Option<i64> {
        (self.tag() == TAG_INT).then(|| self.payload() as i64)
    }

    pub fn uint(self) -> Option<u64> {
        (self.tag() == TAG_UINT).then(|| self.payload())
    }

    /// The bits of a double, since the profile has no floats.
    pub fn double_bits(self) -> Option<u64> {
        (self.tag() == TAG_DOUBLE).then(|| self.payload())
    }

    /// Whole seconds since 1970, and nanoseconds past them.
    pub fn timestamp(self) -> Option<(i64, u32)> {
        (self.tag() == TAG_TIMESTAMP).then(|| (self.payload() as i64, self.length() as u32))
    }

    /// Nanoseconds.
    pub fn duration(self) -> Option<i64> {
        (self.tag() == TAG_DURATION).then(|| self.payload() as i64)
    }

    /// The UTF-8 of a text.
    pub fn text(self) -> Option<&'a [u8]> {
        (self.tag() == TAG_TEXT).then(|| self.block(1))
    }

    pub fn bytes(self) -> Option<&'a [u8]> {
        (self.tag() == TAG_BYTES).then(|| self.block(1))
    }

    pub fn list(self) -> Option<List<'a>> {
        (self.tag() == TAG_LIST).then(|| List { bytes: self.bytes, slots: self.block(SLOT_BYTES) })
    }

    pub fn map(self) -> Option<Map<'a>> {
        (self.tag() == TAG_MAP).then(|| Map { bytes: self.bytes, entries: self.block(2 * SLOT_BYTES) })
    }

    fn block(self, unit: usize) -> &'a [u8] {
        &self.bytes[self.payload() as usize..][..self.length() * unit]
    }
}

/// A list.
#[derive(Clone, Copy)]
pub struct List<'a> {
    bytes: &'a [u8],
    slots: &'a [u8],
}

impl<'a> List<'a> {
    pub fn len(self) -> usize {
        self.slots.len() / SLOT_BYTES
    }

    pub fn is_empty(self) -> bool {
        self.slots.is_empty()
    }

    pub fn get(self, at: usize) -> Slot<'a> {
        Slot { bytes: self.bytes, slot: &self.slots[at * SLOT_BYTES..][..SLOT_BYTES] }
    }

    pub fn iter(self) -> impl Iterator<Item = Slot<'a>> {
        (0..self.len()).map(move |at| self.get(at))
    }
}

/// A map; its keys are texts in the order of their bytes.
#[derive(Clone, Copy)]
pub struct Map<'a> {
    bytes: &'a [u8],
    entries: &'a [u8],
}

impl<'a> Map<'a> {
    pub fn len(self) -> usize {
        self.entries.len() / (2 * SLOT_BYTES)
    }

    pub fn is_empty(self) -> bool {
        self.entries.is_empty()
    }

    pub fn key(self, at: usize) -> &'a [u8] {
        self.at(2 * at).block(1)
    }

    pub fn value(self, at: usize) -> Slot<'a> {
        self.at(2 * at + 1)
    }

    /// The value under a key, absent where there is none.
    pub fn get(self, key: &[u8]) -> Slot<'a> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.key(middle).cmp(key) {
                Ordering::Equal => return self.value(middle),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Slot { bytes: self.bytes, slot: &ABSENT }
    }

    fn at(self, slot: usize) -> Slot<'a> {
        Slot { bytes: self.bytes, slot: &self.entries[slot * SLOT_BYTES..][..SLOT_BYTES] }
    }
}

/// Exports `alloc` and `judge` (GU-6) for a function `fn(Input) -> Answer`.
#[macro_export]
macro_rules! rule {
    ($judge:path) => {
        static mut AVA_BUFFER: [u64; $crate::BUFFER_BYTES_MAX / 8] = [0; $crate::BUFFER_BYTES_MAX / 8];

        #[export_name = "alloc"]
        pub extern "C" fn ava_alloc(length: usize) -> *mut u8 {
            assert!(length <= $crate::BUFFER_BYTES_MAX);
            unsafe { core::ptr::addr_of_mut!(AVA_BUFFER) as *mut u8 }
        }

        #[export_name = "judge"]
        pub unsafe extern "C" fn ava_judge(address: *const u8, length: usize) -> i32 {
            $judge($crate::Input::new(core::slice::from_raw_parts(address, length))) as i32
        }
    };
}

/// Host functions (GU-7): a rule may use what its manifest names in `hosts`.
#[cfg(target_arch = "wasm32")]
pub mod host {
    use super::{Answer, Input, Slot};

    mod ava {
        #[link(wasm_import_module = "ava")]
        extern "C" {
            pub fn hash(data: *const u8, length: usize, out: *mut u8);
            pub fn verify(
                suite: i32,
                key: *const u8,
                key_length: usize,
                signature: *const u8,
                signature_length: usize,
                message: *const u8,
                message_length: usize,
            ) -> i32;
            pub fn read(path: *const u8, length: usize, out: *mut u8, room: usize) -> usize;
            pub fn oracle(feed: *const u8, length: usize, max_age_ms: i64, out: *mut u8, room: usize) -> usize;
            pub fn call(name: *const u8, length: usize) -> i32;
            pub fn log(text: *const u8, length: usize);
        }
    }

    /// SHA-256.
    pub fn hash(data: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        unsafe { ava::hash(data.as_ptr(), data.len(), out.as_mut_ptr()) };
        out
    }

    /// Whether a signature of this suite (spec/signature.md) is the key's over a message.
    pub fn verify(suite: i32, key: &[u8], signature: &[u8], message: &[u8]) -> bool {
        let (k, s, m) = (key, signature, message);
        unsafe { ava::verify(suite, k.as_ptr(), k.len(), s.as_ptr(), s.len(), m.as_ptr(), m.len()) == 1 }
    }

    /// What the state holds at a path that the manifest names in `reads`; `None` where `room` is too small.
    pub fn read<'a>(path: &str, room: &'a mut [u8]) -> Option<Slot<'a>> {
        let length = unsafe { ava::read(path.as_ptr(), path.len(), room.as_mut_ptr(), room.len()) };
        answer(room, length)
    }

    /// The last value of a feed that is not older; `None` where `room` is too small.
    pub fn oracle<'a>(feed: &str, max_age_ms: i64, room: &'a mut [u8]) -> Option<Slot<'a>> {
        let length = unsafe { ava::oracle(feed.as_ptr(), feed.len(), max_age_ms, room.as_mut_ptr(), room.len()) };
        answer(room, length)
    }

    /// What another rule, named in the manifest's `calls`, says of this action.
    pub fn call(rule: &str) -> Answer {
        match unsafe { ava::call(rule.as_ptr(), rule.len()) } {
            0 => Answer::Fail,
            2 => Answer::Pass,
            _ => Answer::Fault,
        }
    }

    /// Leaves a text of at most 1,024 bytes in the trace.
    pub fn log(text: &str) {
        unsafe { ava::log(text.as_ptr(), text.len()) }
    }

    fn answer(room: &mut [u8], length: usize) -> Option<Slot> {
        let room: &[u8] = room;
        (length <= room.len()).then(|| Input::new(&room[..length]).slot(0))
    }
}

#[cfg(all(target_arch = "wasm32", not(test)))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
