/**
 * What tools' names name (spec/facet.md T-25): the things that acts are done to, the words by which users name them, and
 * who writes what they hold. General English, as in lexicon.ts.
 */

/** Who writes what a thing holds: prose of anyone · records of anyone · the server's lists · the user's own data. */
export type Writers = 'prose' | 'records' | 'list' | 'own';

export interface Noun {
  readonly class: string;
  readonly writers: Writers;
  readonly private: boolean;
  /** What is put there others read: it leaves the account. */
  readonly shared: boolean;
  /** Classes of acts that sending, making or adding such a thing is too: a payment is paid, a meeting planned. */
  readonly acts: readonly string[];
  /** Words of tools' names and of users alike. */
  readonly words: string;
  /** Further words of users. */
  readonly asks: string;
}

const noun = (name: string, writers: Writers, words: string, asks = '', more: { private?: true; shared?: true; acts?: readonly string[] } = {}): Noun => ({
  class: name,
  writers,
  private: more.private ?? false,
  shared: more.shared ?? false,
  acts: more.acts ?? [],
  words,
  asks,
});

export const NOUNS: readonly Noun[] = [
  noun('mail', 'records', 'mail email inbox gmail outlook letter newsletter thread draft spam attachment mailbox', 'message reply response letter', {
    private: true,
  }),
  noun(
    'message',
    'records',
    'message dm chat slack discord telegram whatsapp sms text conversation notification announcement teams tweet post status reply feed mention reaction',
    'note feedback direct information info summary there post channel reply',
    { private: true, shared: true },
  ),
  noun('channel', 'list', 'channel room guild workspace server', 'slack discord teams chat group message messages there', { shared: true }),
  noun('review', 'records', 'review comment rating feedback answer question survey forum discussion topic poll vote', 'opinion score star stars reply', {
    shared: true,
  }),
  noun(
    'page',
    'prose',
    'page website webpage web site url link article blog browser tab html content wiki wikipedia news internet google bing duckduckgo form href',
    'com www http https online post site',
    { shared: true },
  ),
  noun(
    'file',
    'prose',
    'file document doc folder directory dir drive spreadsheet sheet slide presentation pdf attachment path text csv note notebook report dir node photo image picture video archive zip log template book chapter markdown paper resource',
    'docx txt xlsx md list notes paper thesis code plan summary minutes text download downloads documents',
    { private: true },
  ),
  noun(
    'people',
    'list',
    'user member contact person people friend customer employee colleague team group participant attendee guest assignee collaborator follower subscriber owner patient student client lead candidate workspace organization role permission',
    'users everyone colleague someone',
  ),
  noun(
    'event',
    'records',
    'event meeting appointment calendar call slot invite session reminder agenda availability webinar interview class alarm',
    'lunch dinner breakfast trip schedule participants participant invitation discussion talk sync party celebration',
    { private: true, shared: true, acts: ['plan', 'invite'] },
  ),
  noun(
    'task',
    'records',
    'task todo issue ticket bug card board project milestone epic sprint story checklist incident case backlog goal reminder cycle initiative page database',
    'list item bugs project due deadline problem',
  ),
  noun(
    'code',
    'records',
    'repo repository branch commit pull request pr merge gist release workflow pipeline build code patch diff package deployment actions fork',
    'change changes branch github gitlab git project main request',
    { shared: true },
  ),
  noun(
    'payment',
    'records',
    'payment transaction money invoice bill transfer fund refund deposit subscription salary rent fee loan tax debt check cheque billing charge payout receipt expense budget coupon price payroll',
    'dollars euros usd eur pounds sum amount paid owe owes pay dollar euro bucks balance account',
    { private: true, acts: ['pay'] },
  ),
  noun(
    'asset',
    'records',
    'stock share crypto coin wallet portfolio trade nft position bond token order',
    'shares stocks bitcoin ethereum btc eth market buy sell invest',
    { acts: ['buy'] },
  ),
  noun(
    'account',
    'own',
    'account profile setting settings preference preferences detail details information info address phone bio iban balance subscription username user me identity insurance',
    'name street city email number personal',
    { private: true },
  ),
  noun(
    'credential',
    'own',
    'code password passcode passphrase credential credentials secret token key otp pin apikey login auth',
    'passwords keys code security',
    {
      private: true,
    },
  ),
  noun(
    'order',
    'records',
    'order cart item product checkout purchase basket wishlist shop store delivery shipment package meal food pizza grocery inventory catalog merchandise return exchange parcel menu recipe dish coupon gift',
    'buy deliver items products shopping refund payment size color shipping track',
    { acts: ['buy'] },
  ),
  noun(
    'travel',
    'list',
    'hotel flight room restaurant table car rental booking reservation trip ride taxi seat stay travel airline airport train bus cab uber lyft itinerary vehicle apartment airbnb accommodation tour route city cuisine passenger baggage certificate cabin',
    'rooms ticket tickets flights vacation holiday travel luggage bag bags journey lodging pickup',
    { acts: ['book'] },
  ),
  noun(
    'database',
    'records',
    'database table row record column schema sql collection entry dataset index cell db field document',
    'data rows records table tables',
  ),
  noun(
    'machine',
    'records',
    'server instance container pod cluster service log bucket volume image vm function lambda process job host namespace network deployment stack machine cloud resource disk device port cron',
    'app application site production staging server',
  ),
  noun('memory', 'records', 'memory fact knowledge entity relation observation graph node', 'note notes preference this that remember'),
  noun('media', 'list', 'song music playlist album track artist movie podcast show video channel radio episode library', 'listen play songs tune movies watch'),
  noun(
    'home',
    'own',
    'light lamp thermostat door lock camera device temperature fan tv speaker alarm sensor heater oven appliance blinds vacuum garage scene',
    'lights lamps home house heating bedroom kitchen',
  ),
  noun(
    'health',
    'records',
    'prescription medication doctor record vaccine symptom diagnosis workout sleep steps health lab test clinic',
    'medical medicine drug pill health appointment',
    { private: true },
  ),
  noun(
    'place',
    'list',
    'location place direction directions map distance coordinates geocode traffic weather forecast temperature country zip',
    'where near route way',
  ),
  noun(
    'clock',
    'own',
    'time date day timezone now today clock calculator calculation expression math unit currency number random version help capabilities allowed',
    'current',
  ),
];

/** Nouns that say too little to ask for: the act alone counts, with the server's name. */
export const VAGUE =
  'item data object thing resource entry value result output input action operation info information detail details content id ids batch bulk multiple single one many list all tool api request response element type types option options set thought thinking api v1 v2 v3 number name names node manager service system app application client helper mcp server';
