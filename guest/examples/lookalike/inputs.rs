// Written by `avactl rules build` from rule.yaml.
pub const ARGS_PAYEE: usize = 0;
pub const CONTEXT_KNOWN_PAYEES: usize = 1;
pub const PARAMS_NEAR: usize = 2;
