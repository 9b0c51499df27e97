/** What a rule may read of an action, and under which version (spec/facet.md T-1, T-2). */

/**
 * The version of everything that this room computes: facets, the normal form of words, flow facts, passages.
 * It enters the schedule of a block; a change of any result is a new version, and the old one stays in the code.
 */
export const FACET_VERSION = 2;

/** T-2: path → type text, for the compiler's environment. Groups are absent where the tool has none. */
export const FACET_PATHS: ReadonlyMap<string, string> = new Map([
  ['effect', 'string(16)'],
  ['egress', 'bool'],
  ['money.amount', 'int'],
  ['money.currency', 'string(16)'],
  ['money.payee', 'string(256)'],
  ['mail.to', 'list(string(320), 64)'],
  ['mail.subject', 'string(1024)'],
  ['mail.body', 'string(16384)'],
  ['http.method', 'string(16)'],
  ['http.scheme', 'string(8)'],
  ['http.host', 'string(253)'],
  ['http.path', 'string(2048)'],
  ['net.hosts', 'list(string(253), 64)'],
  ['net.networks', 'list(string(16), 8)'],
  ['mail.domains', 'list(string(253), 64)'],
  ['fs.op', 'string(16)'],
  ['fs.path', 'string(512)'],
  ['fs.paths', 'list(string(512), 64)'],
  ['fs.reads', 'list(string(512), 64)'],
  ['fs.writes', 'list(string(512), 64)'],
  ['fs.deletes', 'list(string(512), 64)'],
  ['fs.marks', 'list(string(32), 40)'],
  ['shell.commands', 'list(string(64), 64)'],
  ['shell.acts', 'list(string(32), 32)'],
  ['shell.opaque', 'bool'],
  ['shell.pipes_to_shell', 'bool'],
  ['shell.privileged', 'bool'],
  ['shell.destroys', 'bool'],
  ['sql.verbs', 'list(string(32), 16)'],
  ['sql.tables', 'list(string(128), 64)'],
  ['sql.unbounded', 'bool'],
  ['sql.opaque', 'bool'],
  ['secret.count', 'int'],
  ['secret.kinds', 'list(string(32), 32)'],
  ['flow.gate', 'bool'],
  ['flow.passage', 'int'],
  ['flow.intended', 'bool'],
  ['flow.args_named', 'bool'],
  ['flow.told', 'bool'],
  ['flow.led', 'bool'],
  ['flow.foreign', 'int'],
  ['flow.dest_unnamed', 'int'],
  ['flow.sec_unnamed', 'int'],
  ['flow.obj_unnamed', 'int'],
  ['flow.dest_unknown', 'int'],
  ['flow.url_unknown', 'int'],
  ['flow.link_unknown', 'int'],
  ['flow.dest_passage', 'int'],
  ['flow.obj_passage', 'int'],
  ['flow.link_passage', 'int'],
  ['flow.text_passage', 'int'],
  ['flow.asked', 'int'],
  ['flow.refused', 'int'],
  ['flow.private', 'bool'],
  ['flow.secret', 'bool'],
]);

/** Bounds of the facet texts in bytes of UTF-8, and of their lists: the numbers of the table above. */
export const CURRENCY_BYTES_MAX = 16;
export const PAYEE_BYTES_MAX = 256;
export const ADDRESS_BYTES_MAX = 320;
export const SUBJECT_BYTES_MAX = 1024;
export const BODY_BYTES_MAX = 16_384;
export const METHOD_BYTES_MAX = 16;
export const HOST_BYTES_MAX = 253;
export const URL_PATH_BYTES_MAX = 2048;
export const FILE_PATH_BYTES_MAX = 512;
export const VALUES_MAX = 64;
export const SHELL_COMMANDS_MAX = 64;
export const SQL_VERBS_MAX = 16;
export const SQL_TABLES_MAX = 64;
export const TABLE_BYTES_MAX = 128;
