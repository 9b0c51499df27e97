/** Variables that make programs run or load code; commands that end a shell (spec/facet.md T-31). */
import type { Command } from './shell-syntax.ts';

/** Variables of which the value is a command, or what programs load. */
const COMMAND_VARS =
  /^(?:PAGER|GIT_PAGER|MANPAGER|GH_PAGER|AWS_PAGER|SYSTEMD_PAGER|EDITOR|VISUAL|GIT_EDITOR|GIT_SEQUENCE_EDITOR|GIT_SSH_COMMAND|GIT_SSH|GIT_EXTERNAL_DIFF|GIT_ASKPASS|SSH_ASKPASS|SUDO_ASKPASS|GIT_PROXY_COMMAND|BROWSER|PROMPT_COMMAND|LESSOPEN|RSYNC_RSH|CVS_RSH|TAR_OPTIONS|FZF_DEFAULT_COMMAND)$/;
const LOADING_VARS =
  /^(?:LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|DYLD_INSERT_LIBRARIES|BASH_ENV|ENV|ZDOTDIR|PERL5OPT|PERL5LIB|PERL5DB|RUBYOPT|RUBYLIB|PYTHONSTARTUP|PYTHONINSPECT|GCONV_PATH|NODE_OPTIONS|CDPATH|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|GIT_CONFIG\w*|GIT_EXEC_PATH|GIT_TEMPLATE_DIR|SHELLOPTS|BASHOPTS|PS4|BASH_FUNC.*|BASH_XTRACEFD|SHELL)$/;

/** Plain settings of Node. */
const NODE_PLAIN = /^(?:--max-old-space-size=\d+|--no-warnings|--enable-source-maps|--experimental-[a-z-]+|--openssl-legacy-provider|--trace-[a-z-]+|\s)+$/;

/** What a variable's value is to the programs that see it: a command, code that they load, or nothing of note. */
export function useOf(name: string, value: string): 'command' | 'loaded' | null {
  if (value === '') return null;
  if (COMMAND_VARS.test(name)) return 'command';
  return LOADING_VARS.test(name) && !(name === 'NODE_OPTIONS' && NODE_PLAIN.test(value)) ? 'loaded' : null;
}

/** `exit`, `return`: what follows runs only where the command before went well. */
export const leaves = ([first]: readonly Command[]): boolean => {
  const word = first?.kind === 'simple' ? first.words[0]?.[0] : undefined;
  return word?.kind === 'text' && /^(?:exit|return)$/.test(word.text);
};
