//! A payee that is nearly, but not quite, one that the user knows: the edit distance of two names, which an expression
//! cannot compute.
#![no_std]

mod inputs;

use ava::{Answer, Input};

ava::rule!(judge);

/// As the manifest's types have it: the longest name.
const NAME_BYTES_MAX: usize = 64;

fn judge(input: Input) -> Answer {
    let known = input.slot(inputs::CONTEXT_KNOWN_PAYEES).list();
    let payee = input.slot(inputs::ARGS_PAYEE).text();
    let near = input.slot(inputs::PARAMS_NEAR).int();
    let (known, payee, near) = match (known, payee, near) {
        (Some(known), Some(payee), Some(near)) => (known, payee, near as usize),
        _ => return Answer::Fault,
    };
    let mut lookalike = false;
    for name in known.iter().filter_map(|slot| slot.text()) {
        match distance(payee, name) {
            0 => return Answer::Pass,
            edits => lookalike |= edits <= near,
        }
    }
    Answer::pass_if(!lookalike)
}

/// Bytes to put in, take out or change to come from one name to the other; letters of ASCII count the same in both cases.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row = [0; NAME_BYTES_MAX + 1];
    for (j, cell) in row.iter_mut().enumerate() {
        *cell = j;
    }
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(!x.eq_ignore_ascii_case(y));
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
