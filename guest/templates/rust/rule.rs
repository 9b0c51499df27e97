#![no_std]

mod inputs;

use ava::{Answer, Input};

ava::rule!(judge);

fn judge(input: Input) -> Answer {
    let amount = input.slot(inputs::MONEY_AMOUNT).int();
    let limit = input.slot(inputs::PARAMS_LIMIT).int();
    match (amount, limit) {
        (Some(amount), Some(limit)) => Answer::pass_if(amount <= limit),
        // Something is absent; `on_fault` decides.
        _ => Answer::Fault,
    }
}
