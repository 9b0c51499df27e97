// Written by `avactl rules build` from rule.yaml.
pub const AGENT_NAME: usize = 0;
pub const ARGS_FLAG: usize = 1;
pub const ARGS_KEY: usize = 2;
pub const ARGS_LIST: usize = 3;
pub const ARGS_MAP: usize = 4;
pub const ARGS_NESTED: usize = 5;
pub const ARGS_NUMBER: usize = 6;
