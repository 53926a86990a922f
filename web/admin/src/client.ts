// Made by client.mjs from docs/openapi/admin.json. Change that, not this.

import { call, path, query } from "./call.js";

/** Whether the chain fits. */
export type AuditCheck = {
  /** Entries, when it does. */
  entries?: number | null | undefined;
  /** The first that does not fit the one before it. */
  wrong?: number | null | undefined;
};

/** A page of the log. */
export type AuditPage = {
  entries: Array<AuditShown>;
  /** The number to go on with; absent at the end. */
  next?: number | null | undefined;
};

/** Where to go on. */
export type AuditQuery = {
  /** Entries before this number. */
  before?: number | null | undefined;
};

/** An entry of the log. */
export type AuditShown = {
  about: string;
  detail: unknown;
  digest: string;
  number: number;
  time: string;
  what: string;
  who: string;
};

/** A certificate. */
export type Certificate = {
  /** When it ends; unknown when it cannot be read. */
  ends_millis?: number | null | undefined;
  /** Its file. */
  file: string;
};

/** Properties that events had together. */
export type Cluster = {
  /** Events that had all of them. */
  events: number;
  /** Two to four of them. */
  parts: Array<Part>;
};

/** How a kind of clients fared. */
export type Cohort = {
  /** Refused. */
  blocked: number;
  /** Asked for a challenge. Of first visits nobody should be. */
  challenged: number;
  /** Their requests. */
  events: number;
  /** `first_visits`, `returning`, `cleared` or `programs`. */
  name: string;
};

/** A draft, checked. */
export type Draft = {
  ladders: Array<PolicyLadder>;
  limits: Array<PolicyLimit>;
  problems: Array<Wrong>;
  /** Of a draft without problems: what it comes to. */
  routes: Array<PolicyRoute>;
  text: string;
};

/** A draft and what to change in it. */
export type DraftEdits = {
  edits: Array<PolicyEdit>;
  text: string;
};

/** A draft. */
export type DraftText = {
  text: string;
};

/** An [`Event`] as it is stored and shown: everything is text and numbers, and nothing needs the policy any more. */
export type EventRecord = {
  /** The account that the request named: a keyed hash, 16 hexadecimal digits. */
  account?: string | null | undefined;
  /** The action that the policy asked for, by name. */
  action?: string | undefined;
  /** The time that Spigot itself added, in microseconds. */
  added_micros?: number | undefined;
  /** What happened to a challenge, when the request was about one. */
  challenge?: RecordChallenge | null;
  /** The level of the clearance that the client held, by name. */
  clearance?: string | null | undefined;
  /** The client's address; its network part only once addresses have been truncated. */
  client?: string | undefined;
  /** ISO 3166-1 country code, where known. */
  country?: string | null | undefined;
  /** Device class, where known. */
  device?: string | null | undefined;
  /** What was done: the same, or `allow` in monitor mode. */
  effective?: string | undefined;
  /** The client's fingerprints; of events that are older than their being kept, none. */
  fingerprints?: RecordFingerprints;
  /** Host in lower case. */
  host?: string | undefined;
  /** The decision's id, 16 letters and digits. */
  id?: string | undefined;
  /** The level that the route demanded of a clearance, by name. */
  level?: string | undefined;
  /** Method. */
  method?: string | undefined;
  /** Network number (ASN), where known. */
  network?: number | null | undefined;
  /** Normalised path, without query. */
  path?: string | undefined;
  /** The reasons, in the order in which they were found. */
  reasons?: Array<RecordReason> | undefined;
  /** The policy's revision. */
  revision?: string | undefined;
  /** The risk, 0 to 100. */
  risk?: number | undefined;
  /** The route's name. */
  route?: string | undefined;
  /** Which kind of client code asked. */
  sender?: string | undefined;
  /** The site of the challenge service that it is about, by name. */
  site?: string | null | undefined;
  /** The route's thresholds at that time. */
  thresholds?: RecordThresholds;
  /** When the request was decided, RFC 3339 in UTC with milliseconds. */
  time?: string | undefined;
  /** The same in milliseconds since 1970-01-01T00:00:00Z. */
  time_millis?: number | undefined;
  /** A throttled request was let through. */
  trickled?: boolean | undefined;
  /** The upstream's status; absent when it was not asked or did not answer. */
  upstream_status?: number | null | undefined;
  /** User agent. */
  user_agent?: string | undefined;
};

/** Which events; what is absent does not restrict. */
export type EventsQuery = {
  /** The keyed hash that an event shows. */
  account?: string | null | undefined;
  action?: string | null | undefined;
  /** Where to go on: what an answer called `next`, or `place`. */
  after?: string | null | undefined;
  country?: string | null | undefined;
  device?: string | null | undefined;
  fingerprint?: string | null | undefined;
  /** Of a file: `csv`, or else `jsonl`. */
  format?: string | null | undefined;
  id?: string | null | undefined;
  /** An address or prefix. */
  ip?: string | null | undefined;
  /** At most so many, up to 500; 50 when absent. */
  limit?: number | null | undefined;
  network?: string | null | undefined;
  /** The path's beginning. */
  path?: string | null | undefined;
  /** A reason, or a result of a challenge or token. */
  reason?: string | null | undefined;
  route?: string | null | undefined;
  /** From this moment on, in milliseconds since 1970. */
  since_millis?: number | null | undefined;
  /** Before this moment. */
  until_millis?: number | null | undefined;
};

/** For how long, and why. */
export type ExceptInput = {
  decision: string;
  /** 1 to 168. */
  hours: number;
  reason: string;
};

/** What was done. */
export type Excepted = {
  /** For whom; shortened for those who see addresses so. */
  client: string;
  name: string;
  route: string;
  until_millis: number;
};

/** An exception. */
export type ExceptionShown = {
  author: string;
  end: string;
  /** It is in force now. */
  is_on: boolean;
  /** Absent for those that stand in the policy's text: they are changed there. */
  key?: string | null | undefined;
  name: string;
  reason: string;
  /** For which routes; all when empty. */
  routes: Array<string>;
  start: string;
  /** For which address or prefix; everybody when absent. */
  subject?: string | null | undefined;
  /** How many times what is usual; requests pass altogether when absent. */
  times?: number | null | undefined;
  /** Goes back in `If-Match` or `version` with a change. */
  version: number;
};

/** An exception to be. */
export type ExceptionWanted = {
  end: string;
  name: string;
  reason: string;
  /** For which routes; all when empty. */
  routes?: Array<string> | undefined;
  /** Now when absent. */
  start?: string | null | undefined;
  /** For which address or prefix; everybody when absent. */
  subject?: string | null | undefined;
  /** How many times what is usual, 1 to 1000; requests pass altogether when absent. */
  times?: number | null | undefined;
  /** The version that it takes the place of. */
  version?: number | null | undefined;
};

/** Exceptions. */
export type Exceptions = {
  exceptions: Array<ExceptionShown>;
  /** The names of the routes that there are. */
  routes: Array<string>;
};

/** A decision that was likely about a person. */
export type FalsePositive = {
  /** The decision that asked. */
  decision: string;
  /** Why it asked. */
  reasons: Array<string>;
  /** On which route. */
  route: string;
  /** `marked`, `complained` or `solved_at_once`. */
  sign: string;
  /** When. */
  time_millis: number;
};

/** Sums over events. */
export type Figures = {
  /** Challenges that went out and were not solved. */
  abandoned: number;
  added_mean_micros?: number | null | undefined;
  /** The time that Spigot added, as most (median), as nearly all had it, and the mean. Absent without requests. */
  added_p50_micros?: number | null | undefined;
  added_p95_micros?: number | null | undefined;
  added_p99_micros?: number | null | undefined;
  /** By what was done. */
  allowed: number;
  blocked: number;
  challenged: number;
  /** Submissions that were refused; one visitor may need more than one. */
  failed: number;
  /** Challenges that went out. */
  issued: number;
  logged: number;
  /** The policy asked for more than was done: the route is in monitor mode. */
  monitored: number;
  requests: number;
  shadowed: number;
  solved: number;
  throttled: number;
};

/** An endpoint with a forced challenge. */
export type ForcedEndpoint = {
  author: string;
  endpoint: string;
  host?: string | null | undefined;
  key: string;
  reason: string;
  since: string;
  until?: string | null | undefined;
  /** Goes back in `If-Match` or `version` with a change. */
  version: number;
};

/** Endpoints with a forced challenge. */
export type ForcedList = {
  forced: Array<ForcedEndpoint>;
};

/** An endpoint to force a challenge on. */
export type ForcedWanted = {
  /** Methods and path, `POST /signup`. */
  endpoint: string;
  host?: string | null | undefined;
  reason: string;
  /** Without end when absent. */
  until?: string | null | undefined;
  /** The version that it takes the place of. */
  version?: number | null | undefined;
};

/** What a search found so far. */
export type Found = {
  /** There is nothing more. */
  done: boolean;
  events: Array<EventRecord>;
  /** How much of the time has been looked at, 0 to 1. */
  fraction: number;
  /** Where to go on. */
  next: string;
  passed: number;
  /** Events that were read, and that were passed over because their block has nothing of the kind. */
  read: number;
  /** What was asked for, so that going on asks for the same. */
  until_millis: number;
};

/** A fresh token. */
export type FreshToken = {
  /** Shown this once. */
  secret: string;
};

/** What belongs to one key. */
export type Group = {
  figures: Figures;
  /** A route, a country's code, a device class or a reason; `unknown` and `others`. */
  key: string;
};

/** How Spigot is doing. */
export type Health = {
  nodes: Array<Node>;
  now_millis: number;
  revision: string;
  stores: Array<Store>;
  version: string;
};

/** Where to go. */
export type IdentityQuestion = {
  url: string;
};

/** What came back with the browser. */
export type IdentitySignIn = {
  code: string;
  /** The provider's name, where it sent it. */
  iss?: string | null | undefined;
  state: string;
};

/** Who they are at the identity provider. */
export type IdentityWanted = {
  /** Issuer and subject with a space between; absent to untie them. */
  identity?: string | null | undefined;
};

/** A line that is no entry. */
export type ImportProblem = {
  line: number;
  problem: string;
};

/** How many were lifted. */
export type LiftedCount = {
  automatic: number;
  by_hand: boolean;
};

/** Whose restrictions to lift. */
export type Lifting = {
  reason: string;
  /** An address, a prefix (everybody within it), a clearance or an account, as it is shown. */
  subject: string;
};

/** Whose link it is. */
export type LinkOwner = {
  name: string;
  role: Role;
};

/** A one-time link, looked at. */
export type LinkQuery = {
  link: string;
};

/** A one-time link, used. */
export type LinkSignIn = {
  link: string;
  /** The new password. */
  password: string;
};

/** A list that is fetched or read. */
export type List = {
  /** When its source answered well for the last time. */
  asked_millis?: number | null | undefined;
  /** Its entries. */
  entries: number;
  /** Why the last attempt was in vain. */
  failed?: string | null | undefined;
  /** Its name. */
  name: string;
};

/** A page of the entries of a list. */
export type ListEntries = {
  entries: Array<ListEntry>;
  /** How many there are of the kind. */
  found: number;
  /** Where to go on; absent at the end. */
  next?: string | null | undefined;
};

/** An entry. */
export type ListEntry = {
  author: string;
  /** Requests that it was met by since the program started. */
  hits: number;
  key: string;
  last_hit?: string | null | undefined;
  list: ListName;
  note: string;
  since: string;
  /** An address, a prefix, `AS64500`, `country:DE` or `fingerprint:…`. */
  subject: string;
  until?: string | null | undefined;
  /** Goes back in `If-Match` or `version` with a change. */
  version: number;
};

/** An entry to be. */
export type ListEntryWanted = {
  list: ListName;
  note?: string | undefined;
  /** An address, a prefix, `AS64500`, `country:DE` or `fingerprint:…`. */
  subject: string;
  /** Without end when absent. */
  until?: string | null | undefined;
  /** The version that it takes the place of. */
  version?: number | null | undefined;
};

/** Which list, and how it is written. */
export type ListExport = {
  /** `csv` or `jsonl`. */
  format?: string | null | undefined;
  list: ListName;
};

/** Many entries to be. */
export type ListImport = {
  list: ListName;
  /** For those without a note of their own. */
  note?: string | undefined;
  /** A line each: the subject, or `subject,until,note`. What begins with # is a remark. */
  text: string;
  /** For those without an end of their own. */
  until?: string | null | undefined;
};

/** What became of an import. */
export type ListImported = {
  /** Entries that are new or were changed; none when there are problems. */
  made: number;
  problems: Array<ImportProblem>;
  /** Entries that stood so already. */
  same: number;
};

/** Which of the operator's own lists. */
export type ListName = "allow" | "deny";

/** Which entries. */
export type ListQuery = {
  /** Where to go on: what an answer called `next`. */
  after?: string | null | undefined;
  /** What stands in the subject, the note or the author's name. */
  find?: string | null | undefined;
  /** At most so many, up to 500; 100 when absent. */
  limit?: number | null | undefined;
  list: ListName;
};

/** One mark. */
export type Mark = {
  /** What it is about: the number of a publication, a revision, an endpoint, an exception's name, an entry. */
  about: string;
  /** Who did it; nobody does a spike. */
  author?: string | null | undefined;
  /** It was taken back, not set. */
  is_end: boolean;
  kind: MarkKind;
  mean?: number | null | undefined;
  /** What its author wrote beside it, of a publication. */
  note?: string | null | undefined;
  time_millis: number;
  /** Of a spike: how many requests were unwanted, and the mean of that hour on the days before. */
  unwanted?: number | null | undefined;
};

/** What a decision was about. */
export type MarkInput = {
  /** `person` or `bot`. */
  about: string;
  decision: string;
  note: string;
};

export type MarkKind = "forced" | "exception" | "list" | "restriction" | "spike" | "revision" | "file";

/** A mark. */
export type Marked = {
  /** `person` or `bot`. */
  about: string;
  note: string;
};

export type MarkedDecision = {
  about: string;
  decision: string;
};

/** One's own account. */
export type Me = {
  /** They come by the identity provider, and by nothing else. */
  has_identity: boolean;
  has_password: boolean;
  has_totp: boolean;
  name: string;
  role: Role;
  sessions: Array<MySession>;
};

/** One of one's sessions. */
export type MySession = {
  agent: string;
  created: string;
  id: string;
  /** It is the one that asks. */
  is_this: boolean;
  method: string;
  seen: string;
};

/** What came. */
export type Newer = {
  events: Array<EventRecord>;
  /** More came than fits, or than can be looked through in a moment: these are the newest of them. */
  is_cut: boolean;
  /** Where to go on. */
  place: string;
};

/** One running Spigot, as only it knows itself. */
export type Node = {
  /** Certificates that it shows. */
  certificates: Array<Certificate>;
  /** Bytes of the counter table, and counts that had to make room. */
  counter_bytes: number;
  /** See there. */
  counter_evictions: number;
  /** See there. */
  events_dropped: number;
  /** Events that wait for the writer, were written, and will never be stored. */
  events_waiting: number;
  /** See there. */
  events_written: number;
  /** Attempts to write events or to keep state that failed. */
  failed: number;
  /** What was said last about that. */
  last_error?: string | null | undefined;
  /** Lists, and how old they are. */
  lists: Array<List>;
  /** Its name. */
  name: string;
  /** How the weekly review went out. */
  reports: Array<Report>;
  /** How full the memory of spent challenges is, in percent. */
  spends_percent: number;
  /** Since when it runs. */
  started_millis: number;
  /** Its version. */
  version: string;
};

/** What takes or gives nothing. */
export type Nothing = Record<string, never>;

export type Nothing2 = Record<string, never>;

/** A one-time link: what follows the panel's address. */
export type OneTimeLink = {
  path: string;
  until: string;
};

/** What happened. */
export type Overview = {
  /** The same length of time before. */
  before: Figures;
  countries: Array<Group>;
  devices: Array<Group>;
  marks: Array<Mark>;
  reasons: Array<Group>;
  routes: Array<Group>;
  since_millis: number;
  step_minutes: number;
  steps: Array<Step>;
  total: Figures;
  until_millis: number;
};

/** Over which time. */
export type OverviewQuery = {
  /** How long back; a day when absent. */
  range?: Range | null;
  /** Only of this route; countries, devices and reasons are told of all routes together. */
  route?: string | null | undefined;
  /** Until when, in milliseconds since 1970; now when absent. */
  until_millis?: number | null | undefined;
};

/** A property and its value. */
export type Part = {
  /** Which. */
  key: string;
  /** `address`, `network`, `fingerprint` or `path`. */
  kind: string;
};

/** What an authenticator brought of a new passkey; all of it base64url. */
export type PasskeyMade = {
  algorithm: number;
  authenticator_data: string;
  challenge: string;
  client_data: string;
  /** How its user calls it; no base64url. */
  label: string;
  /** A SubjectPublicKeyInfo. */
  public_key: string;
};

/** What a browser asks its authenticator for. */
export type PasskeyQuestion = {
  /** Of a new one: the COSE algorithms that are known here. */
  algorithms: Array<number>;
  /** base64url. */
  challenge: string;
  /** The relying party's id. */
  host: string;
  /** Of a new one: the ids of those that there are, in base64url. */
  known: Array<string>;
  name?: string | null | undefined;
  /** Of a new one: whom it is for, in base64url, and how they are called. */
  user?: string | null | undefined;
};

/** A passkey. */
export type PasskeyShown = {
  created: string;
  id: string;
  label: string;
  used?: string | null | undefined;
};

/** What an authenticator brought to sign in; all of it base64url. */
export type PasskeySignIn = {
  authenticator_data: string;
  challenge: string;
  client_data: string;
  id: string;
  signature: string;
};

/** One's passkeys. */
export type Passkeys = {
  passkeys: Array<PasskeyShown>;
};

/** A password, to be sure that it is still them. */
export type PasswordAgain = {
  password?: string | null | undefined;
};

/** The old password and the new one. */
export type PasswordChange = {
  new: string;
  /** Absent when one has none yet. */
  old?: string | null | undefined;
};

/** Name and password. */
export type PasswordSignIn = {
  /** The code of the authenticator app, where it is needed. */
  code?: string | null | undefined;
  name: string;
  password: string;
  /** Of the puzzle that was asked for. */
  solution?: Solution | null;
};

/** Somebody signed in, as their own page needs it. */
export type Person = {
  /** Goes back with every change in `X-Spigot-Csrf`. */
  csrf: string;
  name: string;
  role: Role;
};

/** A value to set, or to take out. */
export type PolicyEdit = {
  /** The key, part by part: `["triggers", "high_frequency", "more_than"]`. Of a section without parts the whole of it, which can be taken out. */
  key: Array<string>;
  /** An array of tables, `route` or `limit` for example, and which one by its name; the top when absent. */
  section?: SectionOf | null;
  /** The value; takes it out when null, so that the default counts again. */
  value: unknown;
};

/** How failures become restrictions. */
export type PolicyLadder = {
  /** Each quiet time of this length takes one step back. */
  forget: string;
  /** From how many failures on it is refused. */
  restrict_from: number;
  /** The section of the text: `restrict` or `accounts`. */
  section: string;
  /** From how many failures on the source is slowed; accounts have no such step. */
  slow_from?: number | null | undefined;
  /** How long, each time. */
  steps: Array<string>;
  /** In which failures are counted. */
  window: string;
};

/** A limit. */
export type PolicyLimit = {
  action: string;
  /** So many events */
  events: number;
  /** It stands in the text; the others are of the shipped policy. */
  is_own: boolean;
  name: string;
  /** Requests that it counts; all when empty. */
  patterns: Array<string>;
  /** of each of these; of everybody together when absent. */
  per?: string | null | undefined;
  /** On these routes; on every one when empty. */
  routes: Array<string>;
  /** A condition on what it counts. */
  when?: string | null | undefined;
  /** in this time */
  window: string;
};

/** A route, all defaults filled in. */
export type PolicyRoute = {
  /** `always` or `suspected`. */
  ask: string;
  block: number;
  challenge: number;
  denylisted_origin: boolean;
  high_frequency?: number | null | undefined;
  high_frequency_seconds?: number | null | undefined;
  /** On these hosts; on every one when empty. */
  hosts: Array<string>;
  level: string;
  log: number;
  mode: string;
  name: string;
  /** Requests that it is for; of the last one, which is there in any case, none: every other. */
  patterns: Array<string>;
  payload_repetition?: number | null | undefined;
  payload_repetition_seconds?: number | null | undefined;
  preset: string;
  stands: Stands;
  /** How many times the mean. */
  traffic_anomaly?: number | null | undefined;
  traffic_anomaly_at_least?: number | null | undefined;
  /** Weights by the signals' names, where they are not the signal's own. */
  weights: Record<string, number>;
};

/** The policy as it stands. */
export type PolicyShown = {
  /** Where it is published to; absent where the program follows no file. */
  file?: string | null | undefined;
  ladders: Array<PolicyLadder>;
  limits: Array<PolicyLimit>;
  /** What is wrong with the text in the file; the one before is in force then. */
  problems: Array<Wrong>;
  /** The revision that decides: of text and operator's settings together. */
  revision: string;
  routes: Array<PolicyRoute>;
  /** The signals with what they weigh by themselves. */
  signals: Array<PolicySignal>;
  text: string;
  /** Goes back in `If-Match` with a publication. */
  version: string;
};

/** A signal. */
export type PolicySignal = {
  name: string;
  weight: number;
};

/** What would do better, by the week's events. Nothing is changed by it. */
export type Proposals = {
  /** The lines that may be added to the configuration; empty when nothing is proposed. */
  lines: string;
  /** Each route that somebody known was seen on. */
  routes: Array<RouteProposal>;
};

/** A text to put in force. */
export type Publication = {
  /** What it is about. */
  note: string;
  text: string;
};

/** A length of time, with the steps that a chart of it has. */
export type Range = "hour" | "day" | "week" | "month" | "year";

/** What happened to a challenge. */
export type RecordChallenge = {
  /** Milliseconds that the browser says it took. */
  claimed_millis?: number | null | undefined;
  /** The kind, by name. */
  kind?: string | undefined;
  /** Base-2 logarithm of the work. */
  log2_work?: number | undefined;
  /** The third party that it is about. */
  provider?: RecordProvider | null;
  /** `issued`, `solved`, or the name of the refusal. */
  result?: string | undefined;
  /** Milliseconds from issue to submission by the server's clock, for submissions. */
  solve_millis?: number | null | undefined;
};

/** [`Fingerprints`] as they are stored and shown. */
export type RecordFingerprints = {
  /** Of order and case of the header fields' names: 16 hexadecimal digits. */
  header?: string | null | undefined;
  /** Of HTTP/2: settings, window, priorities, order of pseudo-fields. */
  http2?: string | null | undefined;
  /** Of TLS: a JA4. */
  tls?: string | null | undefined;
};

/** What a third party said. */
export type RecordProvider = {
  /** What its answer came to; absent when it was not asked. */
  answer?: string | null | undefined;
  /** How long it took to answer. */
  millis?: number | null | undefined;
  /** Its name in the policy. */
  name?: string | undefined;
  /** Its risk, 0 to 100. */
  risk?: number | null | undefined;
};

/** One reason of a decision. */
export type RecordReason = {
  /** The value found, in words. */
  evidence?: string | null | undefined;
  /** `asks` and an action, `adds` or `takes` and a weight, `softens` or `tells`. */
  gave?: string | undefined;
  /** `trigger`, `signal`, `limit`, `rule`, `list`, `exception`, `trusted` or `flow`. */
  kind?: string | undefined;
  /** Its name in the policy. */
  name?: string | undefined;
};

/** The risks from which on an action is taken; 101 is never reached. */
export type RecordThresholds = {
  /** From here the request is refused. */
  block: number;
  /** From here a challenge is asked for. */
  challenge: number;
  /** From here the event is marked. */
  log: number;
};

/** Requests of one client that are treated differently. */
export type ReplayExample = {
  /** The client's address. */
  address: string;
  /** The treatment under the draft. */
  after: string;
  /** The treatment under the policy in force. */
  before: string;
  /** What stops them now. */
  by_after: Array<string>;
  /** What stopped them before. */
  by_before: Array<string>;
  /** How many. */
  requests: number;
  /** The route under the draft. */
  route: string;
};

/** What a draft would have done to recorded requests. */
export type ReplayResult = {
  /** Clients with a request that is treated differently. */
  clients_different: number;
  /** Requests that are treated differently. */
  different: number;
  /** Who is treated differently, most requests first. */
  examples: Array<ReplayExample>;
  /** Requests that only the draft stops. */
  newly_stopped: number;
  /** Requests that only the policy in force stops. */
  no_longer_stopped: number;
  /** Requests that both policies decided. */
  requests: number;
  /** Per route. */
  routes: Array<ReplayRoute>;
};

/** A route under both policies. */
export type ReplayRoute = {
  /** Of these challenged. */
  challenged: Array<number>;
  /** Of these refused: blocked, shadowed or slowed. */
  refused: Array<number>;
  /** Requests under the policy in force, and under the draft. */
  requests: Array<number>;
  /** Its name. */
  route: string;
};

/** How a replay stands. */
export type ReplayState = {
  /** Events looked at so far. */
  events: number;
  is_running: boolean;
  number: number;
  problem?: string | null | undefined;
  result?: ReplayResult | null;
};

/** A draft to replay. */
export type ReplayWanted = {
  /** Over how many of the last days. */
  days: number;
  text: string;
};

/** One way on which the weekly review goes out. */
export type Report = {
  /** Attempts with the present one that failed. */
  attempts: number;
  /** Why the last attempt was in vain. */
  failed?: string | null | undefined;
  /** When the next one is sent, or the last one again. */
  next_millis: number;
  /** When one was taken last, since the start. */
  sent_millis?: number | null | undefined;
  /** The server. */
  to: string;
  /** `hook` or `mail`. */
  way: string;
};

/** A restriction. */
export type Restriction = {
  /** Of those by hand: what happens to its requests. */
  action?: string | null | undefined;
  author?: string | null | undefined;
  /** Set by hand; otherwise Spigot set it by itself. */
  by_hand: boolean;
  reason?: string | null | undefined;
  since: string;
  /** Of automatic ones: the step of the ladder. */
  step?: number | null | undefined;
  /** An address, a prefix, a clearance or an account. */
  subject: string;
  until: string;
  /** Of those by hand: goes back in `version` with a change. */
  version?: number | null | undefined;
};

/** A restriction to be. */
export type RestrictionWanted = {
  /** `throttle`, `challenge`, `shadow` or `block`. */
  action: string;
  reason: string;
  /** An address or prefix. */
  subject: string;
  until: string;
  /** The version that it takes the place of. */
  version?: number | null | undefined;
};

/** Restrictions in force. */
export type Restrictions = {
  /** How many more are in force than are shown. */
  more: number;
  restrictions: Array<Restriction>;
};

/** One week. */
export type Review = {
  /** What was busy together this week, and was not together the week before. */
  clusters?: Array<Cluster> | undefined;
  /** How kinds of clients fared. */
  cohorts: Array<Cohort>;
  /** Events of the week. */
  events: number;
  /** Decisions that were likely about people. */
  false_positives: Array<FalsePositive>;
  /** Those who were asked, slowed or refused most often. */
  offenders: Array<Subject>;
  /** What was busy this week and absent the week before. */
  patterns: Array<Subject>;
  /** What weights and thresholds would do better. */
  proposals: Proposals;
  /** What each reason for a challenge came to. */
  rules: Array<Rule>;
  /** From here on, in milliseconds since 1970. */
  since_millis: number;
  /** Until here. */
  until_millis: number;
};

/** What is wanted. */
export type ReviewQuery = {
  /** Make a new one, of the seven days until now. */
  fresh?: boolean | null | undefined;
};

/** The last review, and the one at work. */
export type Reviewed = {
  review?: Review | null;
  working?: Working | null;
};

/** What somebody is in the panel. */
export type Role = "admin" | "operator" | "analyst" | "support";

/** Another role. */
export type RoleWanted = {
  role: Role;
};

/** One route's. */
export type RouteProposal = {
  /** What it changes, in words: `thresholds.challenge from 50 to 60: why`. */
  changes: Array<string>;
  /** Why nothing is proposed, or what to know about it. */
  note: string;
  /** Its name. */
  route: string;
};

/** The triggers of one route. */
export type RouteTriggers = {
  hosts: Array<string>;
  /** Decisions are computed and recorded, and nothing is done. */
  is_monitored: boolean;
  patterns: Array<string>;
  route: string;
  triggers: Array<TriggerState>;
};

/** What a reason came to. */
export type Rule = {
  /** Challenges that it asked for or added to. */
  asked: number;
  /** Nearly all of those whom it asked are people. */
  earns_nothing: boolean;
  /** Its name. */
  name: string;
  /** Of these, how many were solved. */
  solved: number;
};

/** One of several tables, by its name. */
export type SectionOf = {
  /** `route`, `limit`, `rule` and so on. */
  kind: string;
  /** Its `name`. */
  name: string;
};

/** Who is signed in. */
export type SessionState = {
  /** What stands on the button for signing in by the identity provider, where there is one. */
  identity_provider?: string | null | undefined;
  /** Somebody can sign in at all; otherwise the command line has to make an admin first. */
  is_set_up: boolean;
  /** Absent when nobody is. */
  person?: Person | null;
  /** The version of the program. */
  version: string;
};

/** One decision. */
export type Shown = {
  /** `X-Captcha-Reason` as the visitor's client got it. */
  captcha_reason?: string | null | undefined;
  event: EventRecord;
  /** The policy that decided is not the one that decides now. */
  is_of_older_policy: boolean;
  /** What an operator or support said that it was about. */
  marked?: Marked | null;
  /** In words, some lines. */
  story: string;
};

/** A solved puzzle. */
export type Solution = {
  /** The puzzle, as it was given. */
  challenge: string;
  /** base64url. */
  proof: string;
};

/** Where a route comes from. */
export type Stands = "own" | "changed" | "shipped";

/** How a trigger stands. */
export type State = "off" | "learning" | "armed" | "quiet" | "near" | "asking";

/** In or out. */
export type StateWanted = {
  /** They are kept out. */
  is_disabled: boolean;
};

/** One step of a chart. */
export type Step = {
  figures: Figures;
  start_millis: number;
};

/** A file in the data folder. */
export type Store = {
  bytes: number;
  changed_millis?: number | null | undefined;
  name: string;
};

/** Somebody or something that events have in common. */
export type Subject = {
  /** Events: of an offender those that were not let through as they came. */
  events: number;
  /** Which. */
  key: string;
  /** `address`, `network`, `fingerprint` or `path`. */
  kind: string;
};

/** A token, without its secret. */
export type TokenShown = {
  created: string;
  creator: string;
  name: string;
  resources: Array<string>;
  role: Role;
  until?: string | null | undefined;
  used?: string | null | undefined;
};

/** A token to be. */
export type TokenWanted = {
  name: string;
  /** The resources that it is for; all when empty. */
  resources?: Array<string> | undefined;
  role: Role;
  /** Without end when absent. */
  until?: string | null | undefined;
};

/** Tokens. */
export type Tokens = {
  /** What a token can be restricted to. */
  resources: Array<string>;
  tokens: Array<TokenShown>;
};

/** A code that the app shows. */
export type TotpCode = {
  code: string;
};

/** What an app is set up with. */
export type TotpProposal = {
  /** To be shown as a picture, or opened on the same device. */
  link: string;
  /** To be typed in. */
  secret: string;
};

/** One trigger on one route. */
export type TriggerState = {
  days?: number | null | undefined;
  /** The current figure: requests of the busiest client or body in the window, of this hour, entries of all denylists, forced endpoints that this route's requests may fall into. */
  figure?: number | null | undefined;
  /** The mean of this hour on earlier days, and how many those are. */
  mean?: number | null | undefined;
  name: string;
  /** How many days have to be known first. */
  needs_days?: number | null | undefined;
  /** When the figure was seen. */
  seen?: string | null | undefined;
  state: State;
  /** What passes; one more is asked. For the hour: what it may be at most, by its mean. */
  threshold?: number | null | undefined;
  /** The window of the figure. */
  window_seconds?: number | null | undefined;
};

/** Every route's triggers. */
export type Triggers = {
  /** The policy's revision. */
  revision: string;
  routes: Array<RouteTriggers>;
};

/** A user. */
export type UserShown = {
  created: string;
  has_identity: boolean;
  has_password: boolean;
  has_totp: boolean;
  /** Issuer and subject, by which the identity provider knows them. */
  identity?: string | null | undefined;
  /** They are kept out. */
  is_disabled: boolean;
  last_seen?: string | null | undefined;
  name: string;
  passkeys: number;
  role: Role;
};

/** A user to be. */
export type UserWanted = {
  name: string;
  role: Role;
};

/** Everybody who may sign in. */
export type Users = {
  users: Array<UserShown>;
};

/** A text until now. */
export type VersionShown = {
  author: string;
  /** It is the one in the file. */
  is_current: boolean;
  note: string;
  number: number;
  time: string;
};

/** A text. */
export type VersionText = {
  number: number;
  text: string;
};

/** The texts until now. */
export type Versions = {
  versions: Array<VersionShown>;
};

/** How far the one at work is. */
export type Working = {
  /** Of its time, 0 to 1. */
  fraction: number;
  /** Events read. */
  read: number;
};

/** Something wrong with a configuration's text. */
export type Wrong = {
  /** The column, from 1, in characters. */
  column: number;
  /** What to write instead. */
  help: string;
  /** How many characters. */
  length: number;
  /** The line, from 1. */
  line: number;
  /** What is wrong. */
  message: string;
};

export const api = {
  audit: {
    /** Who did what, newest first. */
    list: (search: { before?: number | null | undefined } = {}, signal?: AbortSignal) =>
      call<AuditPage>("GET", path("/api/audit") + query(search), undefined, undefined, signal),
    /** Whether the log is as it was written, entry by entry. */
    check: (signal?: AbortSignal) =>
      call<AuditCheck>("GET", path("/api/audit/check"), undefined, undefined, signal),
  },
  events: {
    /** Events, newest first, as far as was looked in a moment; go on at `next` until `done`. */
    search: (search: { account?: string | null | undefined; action?: string | null | undefined; after?: string | null | undefined; country?: string | null | undefined; device?: string | null | undefined; fingerprint?: string | null | undefined; format?: string | null | undefined; id?: string | null | undefined; ip?: string | null | undefined; limit?: number | null | undefined; network?: string | null | undefined; path?: string | null | undefined; reason?: string | null | undefined; route?: string | null | undefined; since_millis?: number | null | undefined; until_millis?: number | null | undefined } = {}, signal?: AbortSignal) =>
      call<Found>("GET", path("/api/events") + query(search), undefined, undefined, signal),
    /** All events that a search finds, as a file. */
    /** The address; a browser loads it by itself. */
    export: (search: { account?: string | null | undefined; action?: string | null | undefined; after?: string | null | undefined; country?: string | null | undefined; device?: string | null | undefined; fingerprint?: string | null | undefined; format?: string | null | undefined; id?: string | null | undefined; ip?: string | null | undefined; limit?: number | null | undefined; network?: string | null | undefined; path?: string | null | undefined; reason?: string | null | undefined; route?: string | null | undefined; since_millis?: number | null | undefined; until_millis?: number | null | undefined } = {}): string => path("/api/events/export") + query(search),
    /** Events that came after a place, oldest first: to follow what happens. Without a place none, and where to begin. */
    newer: (search: { account?: string | null | undefined; action?: string | null | undefined; after?: string | null | undefined; country?: string | null | undefined; device?: string | null | undefined; fingerprint?: string | null | undefined; format?: string | null | undefined; id?: string | null | undefined; ip?: string | null | undefined; limit?: number | null | undefined; network?: string | null | undefined; path?: string | null | undefined; reason?: string | null | undefined; route?: string | null | undefined; since_millis?: number | null | undefined; until_millis?: number | null | undefined } = {}, signal?: AbortSignal) =>
      call<Newer>("GET", path("/api/events/newer") + query(search), undefined, undefined, signal),
    /** One decision as a whole. */
    show: (id: string, signal?: AbortSignal) =>
      call<Shown>("GET", path("/api/events/{id}", id), undefined, undefined, signal),
  },
  exceptions: {
    /** The exceptions in force or to come. */
    list: (signal?: AbortSignal) =>
      call<Exceptions>("GET", path("/api/exceptions"), undefined, undefined, signal),
    /** Makes an exception; support for one client and a week at most. */
    put: (body: ExceptionWanted, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/exceptions"), body, undefined, signal),
    /** Ends an exception. */
    remove: (key: string, version: string, signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/exceptions/{key}", key), undefined, version, signal),
  },
  forced: {
    /** The endpoints with a forced challenge. */
    list: (signal?: AbortSignal) =>
      call<ForcedList>("GET", path("/api/forced"), undefined, undefined, signal),
    /** Forces a challenge on an endpoint, for everybody. */
    put: (body: ForcedWanted, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/forced"), body, undefined, signal),
    /** Stops forcing it. */
    remove: (key: string, version: string, signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/forced/{key}", key), undefined, version, signal),
  },
  health: {
    /** How Spigot itself is doing. */
    show: (signal?: AbortSignal) =>
      call<Health>("GET", path("/api/health"), undefined, undefined, signal),
  },
  lists: {
    /** A page of the entries of a list. */
    show: (search: { after?: string | null | undefined; find?: string | null | undefined; limit?: number | null | undefined; list: ListName }, signal?: AbortSignal) =>
      call<ListEntries>("GET", path("/api/lists") + query(search), undefined, undefined, signal),
    /** Puts an entry on a list. */
    put: (body: ListEntryWanted, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/lists"), body, undefined, signal),
    /** The entries of a list as a file that can be imported. */
    /** The address; a browser loads it by itself. */
    export: (search: { format?: string | null | undefined; list: ListName }): string => path("/api/lists/export") + query(search),
    /** Puts many entries on a list, all or none. */
    import: (body: ListImport, signal?: AbortSignal) =>
      call<ListImported>("POST", path("/api/lists/import"), body, undefined, signal),
    /** Takes an entry off its list. */
    remove: (key: string, version: string, signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/lists/{key}", key), undefined, version, signal),
  },
  me: {
    /** One's own account. */
    show: (signal?: AbortSignal) =>
      call<Me>("GET", path("/api/me"), undefined, undefined, signal),
    /** One's passkeys. */
    passkeys: (signal?: AbortSignal) =>
      call<Passkeys>("GET", path("/api/me/passkeys"), undefined, undefined, signal),
    /** Adds a passkey. */
    addPasskey: (body: PasskeyMade, signal?: AbortSignal) =>
      call<Nothing>("POST", path("/api/me/passkeys"), body, undefined, signal),
    /** What a browser asks its authenticator for, to make a passkey. */
    passkeyQuestion: (body: PasswordAgain, signal?: AbortSignal) =>
      call<PasskeyQuestion>("POST", path("/api/me/passkeys/question"), body, undefined, signal),
    /** Removes one of one's passkeys. */
    removePasskey: (passkey: string, signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/me/passkeys/{passkey}", passkey), undefined, undefined, signal),
    /** Changes one's password; other sessions end. */
    password: (body: PasswordChange, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/me/password"), body, undefined, signal),
    /** Ends one of one's other sessions, or `all` of them. */
    endSession: (session: string, signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/me/sessions/{session}", session), undefined, undefined, signal),
    /** Asks for no code any more. */
    removeTotp: (body: PasswordAgain, signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/me/totp"), body, undefined, signal),
    /** A secret for an authenticator app, which counts once a code of it was shown. */
    proposeTotp: (body: PasswordAgain, signal?: AbortSignal) =>
      call<TotpProposal>("POST", path("/api/me/totp"), body, undefined, signal),
    /** Asks for a code at every sign-in from now on. */
    confirmTotp: (body: TotpCode, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/me/totp"), body, undefined, signal),
  },
  overview: {
    /** What happened, in sums. */
    show: (search: { range?: Range | null | undefined; route?: string | null | undefined; until_millis?: number | null | undefined } = {}, signal?: AbortSignal) =>
      call<Overview>("GET", path("/api/overview") + query(search), undefined, undefined, signal),
  },
  policy: {
    /** The policy's text and what it comes to. */
    show: (signal?: AbortSignal) =>
      call<PolicyShown>("GET", path("/api/policy"), undefined, undefined, signal),
    /** Puts a text in force. */
    publish: (version: string, body: Publication, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/policy"), body, version, signal),
    /** Everything that is wrong with a draft. */
    check: (body: DraftText, signal?: AbortSignal) =>
      call<Draft>("POST", path("/api/policy/check"), body, undefined, signal),
    /** A draft with single values changed; comments and order stay. */
    edit: (body: DraftEdits, signal?: AbortSignal) =>
      call<Draft>("POST", path("/api/policy/edit"), body, undefined, signal),
    /** Starts a replay: what a draft would have done to the requests of the last days. */
    replay: (body: ReplayWanted, signal?: AbortSignal) =>
      call<ReplayState>("POST", path("/api/policy/replays"), body, undefined, signal),
    /** Stops a replay. */
    stopReplay: (replay: string, signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/policy/replays/{replay}", replay), undefined, undefined, signal),
    /** How a replay stands. */
    replayState: (replay: string, signal?: AbortSignal) =>
      call<ReplayState>("GET", path("/api/policy/replays/{replay}", replay), undefined, undefined, signal),
    /** The texts until now. */
    versions: (signal?: AbortSignal) =>
      call<Versions>("GET", path("/api/policy/versions"), undefined, undefined, signal),
    /** One of the texts until now. */
    version: (number: string, signal?: AbortSignal) =>
      call<VersionText>("GET", path("/api/policy/versions/{number}", number), undefined, undefined, signal),
  },
  restrictions: {
    /** The restrictions in force. */
    show: (signal?: AbortSignal) =>
      call<Restrictions>("GET", path("/api/restrictions"), undefined, undefined, signal),
    /** Restricts an address or prefix for a time. */
    put: (body: RestrictionWanted, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/restrictions"), body, undefined, signal),
    /** Lifts restrictions, automatic ones too. */
    lift: (body: Lifting, signal?: AbortSignal) =>
      call<LiftedCount>("POST", path("/api/restrictions/lift"), body, undefined, signal),
  },
  review: {
    /** The last weekly review; with `fresh` a new one is made as long as somebody asks for its progress. */
    show: (search: { fresh?: boolean | null | undefined } = {}, signal?: AbortSignal) =>
      call<Reviewed>("GET", path("/api/review") + query(search), undefined, undefined, signal),
  },
  session: {
    /** Signs out. */
    end: (signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/session"), undefined, undefined, signal),
    /** Whether anybody is signed in, and who. */
    state: (signal?: AbortSignal) =>
      call<SessionState>("GET", path("/api/session"), undefined, undefined, signal),
    /** Signs in with what the identity provider sent back. */
    identity: (body: IdentitySignIn, signal?: AbortSignal) =>
      call<SessionState>("POST", path("/api/session/identity"), body, undefined, signal),
    /** Where a browser goes to sign in by the identity provider. */
    identityQuestion: (signal?: AbortSignal) =>
      call<IdentityQuestion>("POST", path("/api/session/identity/question"), undefined, undefined, signal),
    /** Signs in with a one-time link and sets a password. */
    link: (body: LinkSignIn, signal?: AbortSignal) =>
      call<SessionState>("POST", path("/api/session/link"), body, undefined, signal),
    /** Whose one-time link it is. */
    linkOf: (body: LinkQuery, signal?: AbortSignal) =>
      call<LinkOwner>("POST", path("/api/session/link/owner"), body, undefined, signal),
    /** Signs in with a passkey. */
    passkey: (body: PasskeySignIn, signal?: AbortSignal) =>
      call<SessionState>("POST", path("/api/session/passkey"), body, undefined, signal),
    /** What a browser asks its authenticator for, to sign in. */
    passkeyQuestion: (signal?: AbortSignal) =>
      call<PasskeyQuestion>("POST", path("/api/session/passkey/question"), undefined, undefined, signal),
    /** Signs in with name and password, and a code where one is needed. */
    password: (body: PasswordSignIn, signal?: AbortSignal) =>
      call<SessionState>("POST", path("/api/session/password"), body, undefined, signal),
  },
  support: {
    /** Lets the client of a decision through, on that decision's route, for some hours. */
    except: (body: ExceptInput, signal?: AbortSignal) =>
      call<Excepted>("POST", path("/api/support/exception"), body, undefined, signal),
    /** Says that a decision was about a person or a bot. */
    mark: (body: MarkInput, signal?: AbortSignal) =>
      call<MarkedDecision>("POST", path("/api/support/mark"), body, undefined, signal),
  },
  tokens: {
    /** The tokens of programs. */
    list: (signal?: AbortSignal) =>
      call<Tokens>("GET", path("/api/tokens"), undefined, undefined, signal),
    /** Makes a token, shown once. */
    add: (body: TokenWanted, signal?: AbortSignal) =>
      call<FreshToken>("POST", path("/api/tokens"), body, undefined, signal),
    /** Revokes a token. */
    revoke: (token: string, signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/tokens/{token}", token), undefined, undefined, signal),
  },
  triggers: {
    /** The state of each trigger now, per route. */
    show: (signal?: AbortSignal) =>
      call<Triggers>("GET", path("/api/triggers"), undefined, undefined, signal),
  },
  users: {
    /** Everybody who may sign in. */
    list: (signal?: AbortSignal) =>
      call<Users>("GET", path("/api/users"), undefined, undefined, signal),
    /** Adds a user, and a one-time link for them. */
    add: (body: UserWanted, signal?: AbortSignal) =>
      call<OneTimeLink>("POST", path("/api/users"), body, undefined, signal),
    /** Removes a user. */
    remove: (user: string, signal?: AbortSignal) =>
      call<Nothing>("DELETE", path("/api/users/{user}", user), undefined, undefined, signal),
    /** Gives a user another role. */
    role: (user: string, body: RoleWanted, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/users/{user}", user), body, undefined, signal),
    /** Ties a user to an identity of the provider, or unties them. */
    identity: (user: string, body: IdentityWanted, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/users/{user}/identity", user), body, undefined, signal),
    /** A one-time link for a user who cannot sign in. */
    link: (user: string, signal?: AbortSignal) =>
      call<OneTimeLink>("POST", path("/api/users/{user}/link", user), undefined, undefined, signal),
    /** Keeps a user out, or lets them in again. */
    state: (user: string, body: StateWanted, signal?: AbortSignal) =>
      call<Nothing>("PUT", path("/api/users/{user}/state", user), body, undefined, signal),
  },
};
