// Written by `avactl rules build` from rule.yaml.
export const AGENT_NAME: i32 = 0;
export const ARGS_FLAG: i32 = 1;
export const ARGS_KEY: i32 = 2;
export const ARGS_LIST: i32 = 3;
export const ARGS_MAP: i32 = 4;
export const ARGS_NESTED: i32 = 5;
export const ARGS_NUMBER: i32 = 6;
