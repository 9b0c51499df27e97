// Written by `avactl rules build` from rule.yaml.
export const ARGS_FROM: i32 = 0;
export const ARGS_TRANSFERS: i32 = 1;
export const CONTEXT_SANCTIONED: i32 = 2;
