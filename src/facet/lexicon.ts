/**
 * A lexicon of general English for tools that no map lists (spec/facet.md T-25): what the verb of a tool's name does, by
 * which words a user asks for it, what its noun is, and who writes what such a thing holds. It names no tool and
 * no value of anybody's data; a few names of programs that everybody uses stand for what they do. Plurals and endings are left to the reader of words (T-16).
 */

/** The name of a class of the lexicon in a map: maps name theirs otherwise. */
export const classOf = (name: string): string => `en/${name}`;

/** What a verb of a tool's name does. `run` acts on whatever its argument says. */
export type Act = 'read' | 'compute' | 'fetch' | 'write' | 'irreversible' | 'run' | 'tell';

export interface Verb {
  readonly class: string;
  readonly act: Act;
  /** Something leaves the account when it is done. */
  readonly egress: boolean;
  /** A document may ask for it where the user told the agent to follow it. */
  readonly delegable: boolean;
  /** Words of tools' names that are hardly ever nouns … */
  readonly strong: string;
  /** … and those that often are: they count at the begin or the end of a name that has no other verb. */
  readonly weak: string;
  /** Further words by which a user asks for it. */
  readonly asks: string;
}

const verb = (name: string, act: Act, words: { strong?: string; weak?: string; asks?: string; egress?: true; delegable?: true }): Verb => ({
  class: name,
  act,
  egress: words.egress ?? false,
  delegable: words.delegable ?? false,
  strong: words.strong ?? '',
  weak: words.weak ?? '',
  asks: words.asks ?? '',
});

export const VERBS: readonly Verb[] = [
  verb('read', 'read', {
    strong:
      'get read find search retrieve lookup describe inspect explore enumerate examine identify discover locate filter inquire peek tail grep glob ls cat stat stats whoami detect extract recommend suggest preview diagnose determine recall access measure',
    weak: 'list show view display check query count history info status details is has can head ping scan monitor track lookup diff match trace audit poll watch tree blame',
  }),
  verb('compute', 'compute', {
    strong:
      'calculate compute compare estimate predict convert translate summarize summarise analyze analyse evaluate assess explain classify parse validate encode decode simulate sequentialthinking rank optimize optimise infer interpret',
    weak: 'think plan reason format sort math echo hash solve reflect calculator thinking sum average aggregate',
  }),
  verb('fetch', 'fetch', {
    strong: 'fetch browse navigate scrape crawl visit goto download',
    weak: 'curl wget screenshot snapshot',
    asks: 'read open get check look see find search go view show summarise summarize summary website webpage page site url link online use do',
  }),
  verb('save', 'write', {
    strong: 'save export backup capture',
    weak: 'pull clone',
    asks: 'get store keep fetch copy record write note file put',
    delegable: true,
  }),
  verb('send', 'write', {
    strong: 'send forward notify inform reply respond broadcast dispatch communicate announce remind alert deliver ship dial',
    weak: 'email mail message text sms dm comment answer post say call fax contact chat',
    asks: 'write tell let give share pass thank congratulate greet wish introduce contact reply answer',
    egress: true,
    delegable: true,
  }),
  verb('publish', 'irreversible', {
    strong: 'publish submit upload release tweet retweet deploy push',
    weak: 'promote blog pin stream',
    asks: 'put share write send post announce launch',
    egress: true,
    delegable: true,
  }),
  verb('share', 'irreversible', {
    strong: 'share grant permit authorise authorize delegate expose',
    weak: 'allow',
    asks: 'send give invite add access allow',
    egress: true,
  }),
  verb('invite', 'write', {
    strong: 'invite enroll enrol onboard subscribe hire',
    weak: 'join admit follow friend connect',
    asks: 'add include join sign register become onboard access',
    egress: true,
    delegable: true,
  }),
  verb('pay', 'irreversible', {
    strong: 'pay transfer refund reimburse donate withdraw remit payout topup',
    weak: 'payment wire deposit charge tip settle bill transaction',
    asks: 'send give return compensate buy purchase repay owe split contribute paid settle',
    egress: true,
  }),
  verb('buy', 'irreversible', {
    strong: 'buy purchase checkout rent lease sell reorder redeem bid recharge refill',
    weak: 'order trade acquire shop stake swap borrow',
    asks: 'get pay subscribe want need bought cart invest exchange',
    egress: true,
  }),
  verb('book', 'irreversible', {
    strong: 'reserve',
    weak: 'book reservation booking',
    asks: 'rent order arrange need reservation booking ride buy purchase upgrade',
    egress: true,
  }),
  verb('plan', 'write', {
    strong: 'reschedule postpone',
    weak: 'schedule remind',
    asks: 'book plan set create make add arrange move change update organize organise reminder put invite shift delay push bring appointment meeting block recurring adjust',
    delegable: true,
  }),
  verb('create', 'write', {
    strong:
      'create add make generate insert append write compose initialize initialise init build register provision draft produce introduce attach store put upsert remember memorize copy duplicate prepend commit import define compile instantiate install process perform initiate prepare prescribe administer take mkdir touch mint',
    weak: 'new place handle print test request note record document file fork issue branch design cache enter log',
    asks: 'set save prepare log note new include put schedule keep record plan book arrange organize organise draft compile setup submit fill sign type enter update extend',
    delegable: true,
  }),
  verb('update', 'write', {
    strong:
      'update manage set edit modify change adjust replace patch configure enable disable toggle increase decrease raise lower amend correct customize override apply sync exchange upgrade downgrade extend activate deactivate fix revert rebase swap alter refresh restore merge compress decompress zip unzip encrypt decrypt chmod chown',
    weak: 'switch link control transition reset',
    asks: 'add remove switch turn moved move adapt instead append include transfer cancel return shift',
    delegable: true,
  }),
  verb('move', 'write', {
    strong: 'move rename relocate mv cp',
    asks: 'organize organise reorganize reorganise put sort copy archive transfer bring tidy clean store save',
    delegable: true,
  }),
  verb('mark', 'write', {
    strong: 'mark archive unarchive assign unassign complete resolve mute unmute',
    weak: 'label tag flag star reopen',
    asks: 'finish finished done close closed set move organize organise clean sort tidy unread remove change update',
    delegable: true,
  }),
  verb('react', 'write', {
    strong: 'upvote downvote bookmark',
    weak: 'like react rate vote review score',
    asks: 'give leave write comment star favourite favorite dislike',
    egress: true,
  }),
  verb('remove', 'irreversible', {
    strong:
      'delete remove erase purge drop destroy wipe truncate trash discard clear uninstall unlink rm rmdir prune detach empty del rmtree rmrf nuke shred obliterate expunge flush overwrite quarantine',
    weak: 'clean',
    asks: 'rid tidy cancel delete clean drop throw unneeded',
  }),
  verb('cancel', 'irreversible', {
    strong: 'cancel decline unsubscribe abort unfollow unregister dismiss undo reject',
    weak: 'leave return',
    asks: 'withdraw cancelled canceled cancelling delete remove drop stop call refund quit',
  }),
  verb('expel', 'irreversible', {
    strong: 'ban kick block revoke expel evict suspend terminate deny unfriend disconnect fire lock freeze',
    weak: 'report',
    asks: 'remove delete stop cancel kick disable close lock suspend dismiss',
  }),
  verb('confirm', 'write', {
    strong: 'confirm approve verify accept acknowledge sign certify',
    weak: 'consent claim',
    asks: 'pay send transfer buy order book register sign finish complete submit finalize reply answer authorize validate log',
  }),
  verb('enter', 'write', {
    strong: 'login logout authenticate signin signup signout',
    weak: 'auth register',
    asks: 'log sign access connect account',
  }),
  verb('operate', 'write', {
    strong: 'click press drag hover scroll type fill tap swipe focus',
    weak: 'input hotkey key select pick choose',
    asks: 'open fill enter submit sign register buy order book search find use go navigate apply answer log subscribe check upload download join complete form visit website',
    egress: true,
    delegable: true,
  }),
  verb('control', 'write', {
    strong: 'play unlock arm disarm dim launch restart reboot scale rotate shuffle skip',
    weak: 'turn start stop pause resume open close lock cook brew boot light load trigger wake',
    asks: 'turn set put switch adjust activate deactivate make listen watch hear song music start stop increase decrease raise lower change unlock lock open close',
  }),
  verb('shutdown', 'irreversible', {
    strong: 'shutdown kill reset poweroff halt rollback',
    weak: 'exit quit',
    asks: 'stop shut restart reboot reset wipe',
  }),
  verb('run', 'run', {
    strong: 'execute exec eval run invoke',
    weak: 'bash shell terminal cmd python sh powershell sudo',
    asks: 'start launch test build install compile do try use call script command check start install calculate compute plot find list show count print create write make',
  }),
  verb('tell', 'tell', {
    strong: 'finish escalate handoff',
    weak: 'done ask human task agent wait sleep noop prompt',
    asks: 'ask wait human person agent',
  }),
];

/** Weak words that are things at the end of a name: `pods_log` is no act. */
export const LAST_THINGS = 'log note record document file issue branch report request comment message text email mail review label tag contact schedule key';

/** Two words of a name that mean one act. */
export const PAIRS: Readonly<Record<string, string>> = {
  'check in': 'confirm',
  'check out': 'buy',
  'log in': 'enter',
  'log out': 'enter',
  'sign in': 'enter',
  'sign up': 'enter',
  'sign out': 'enter',
  'look up': 'read',
  'shut down': 'shutdown',
  'power off': 'shutdown',
  'turn on': 'control',
  'turn off': 'control',
  'set up': 'create',
  'clean up': 'remove',
  'get rid': 'remove',
  'read write': 'update',
  'format disk': 'remove',
  'format drive': 'remove',
  'format partition': 'remove',
  'format volume': 'remove',
  'opt out': 'cancel',
  'top up': 'pay',
  'roll back': 'shutdown',
  'call tool': 'run',
  'human agent': 'tell',
  'human agents': 'tell',
  'to human': 'tell',
  'human operator': 'tell',
  'open file': 'read',
  'open document': 'read',
  'open page': 'fetch',
  'open browser': 'fetch',
  'open webpage': 'fetch',
  'open site': 'fetch',
  'open web': 'fetch',
  'open url': 'fetch',
  'open link': 'fetch',
  'open website': 'fetch',
  'open nodes': 'read',
};

/** Words of names that are neither act nor thing. */
export const FILLERS =
  'to in from for of by with and or the a an my your via using at on as into onto through per between within over about up out off then current latest recent all new unread sent most direct full raw simple advanced';
