// Made by client.mjs from docs/openapi/admin.json. Change that, not this.

import { call, path, query } from "./call.js";

/** A certificate. */
export type Certificate = {
  /** When it ends; unknown when it cannot be read. */
  ends_millis?: number | null | undefined;
  /** Its file. */
  file: string;
};

/** How a kind of clients fared. */
export type Cohort = {
  /** Refused. */
  blocked: number;
  /** Asked for a challenge. */
  challenged: number;
  /** Their requests. */
  events: number;
  /** `first_visits`, `returning`, `cleared` or `programs`. */
  name: string;
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

/** A decision that was likely about a person. */
export type FalsePositive = {
  /** The decision that asked. */
  decision: string;
  /** Why it asked. */
  reasons: Array<string>;
  /** On which route. */
  route: string;
  /** `solved_at_once` or `marked`. */
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

/** One mark. */
export type Mark = {
  /** What it is about: a revision, an endpoint, an exception's name, an entry. */
  about: string;
  /** Who did it; nobody does a spike. */
  author?: string | null | undefined;
  /** It was taken back, not set. */
  is_end: boolean;
  kind: MarkKind;
  mean?: number | null | undefined;
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

export type MarkKind = "revision" | "forced" | "exception" | "list" | "restriction" | "spike";

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
};

/** Somebody signed in, as their own page needs it. */
export type Person = {
  /** Goes back with every change in `X-Spigot-Csrf`. */
  csrf: string;
  name: string;
  role: Role;
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

/** One week. */
export type Review = {
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

/** Who is signed in. */
export type SessionState = {
  /** How people can sign in besides a password. */
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

/** How far the one at work is. */
export type Working = {
  /** Of its time, 0 to 1. */
  fraction: number;
  /** Events read. */
  read: number;
};

export const api = {
  events: {
    /** Events, newest first, as far as was looked in a moment; go on at `next` until `done`. */
    search: (search: { account?: string | null | undefined; action?: string | null | undefined; after?: string | null | undefined; country?: string | null | undefined; device?: string | null | undefined; fingerprint?: string | null | undefined; format?: string | null | undefined; id?: string | null | undefined; ip?: string | null | undefined; limit?: number | null | undefined; network?: string | null | undefined; path?: string | null | undefined; reason?: string | null | undefined; route?: string | null | undefined; since_millis?: number | null | undefined; until_millis?: number | null | undefined } = {}, signal?: AbortSignal) =>
      call<Found>("GET", path("/api/events") + query(search), undefined, undefined, signal),
    /** All events that a search finds, as a file. */
    /** The address; a browser loads it by itself. */
    export: (search: { account?: string | null | undefined; action?: string | null | undefined; after?: string | null | undefined; country?: string | null | undefined; device?: string | null | undefined; fingerprint?: string | null | undefined; format?: string | null | undefined; id?: string | null | undefined; ip?: string | null | undefined; limit?: number | null | undefined; network?: string | null | undefined; path?: string | null | undefined; reason?: string | null | undefined; route?: string | null | undefined; since_millis?: number | null | undefined; until_millis?: number | null | undefined } = {}): string => path("/api/events/export") + query(search),
    /** Events that came after a place, oldest first: to follow what happens. */
    newer: (search: { account?: string | null | undefined; action?: string | null | undefined; after?: string | null | undefined; country?: string | null | undefined; device?: string | null | undefined; fingerprint?: string | null | undefined; format?: string | null | undefined; id?: string | null | undefined; ip?: string | null | undefined; limit?: number | null | undefined; network?: string | null | undefined; path?: string | null | undefined; reason?: string | null | undefined; route?: string | null | undefined; since_millis?: number | null | undefined; until_millis?: number | null | undefined } = {}, signal?: AbortSignal) =>
      call<Newer>("GET", path("/api/events/newer") + query(search), undefined, undefined, signal),
    /** One decision as a whole. */
    show: (id: string, signal?: AbortSignal) =>
      call<Shown>("GET", path("/api/events/{id}", id), undefined, undefined, signal),
  },
  health: {
    /** How Spigot itself is doing. */
    show: (signal?: AbortSignal) =>
      call<Health>("GET", path("/api/health"), undefined, undefined, signal),
  },
  me: {
    /** One's own account. */
    show: (signal?: AbortSignal) =>
      call<Me>("GET", path("/api/me"), undefined, undefined, signal),
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
    /** Whose one-time link it is. */
    linkOf: (search: { link: string }, signal?: AbortSignal) =>
      call<LinkOwner>("GET", path("/api/session/link") + query(search), undefined, undefined, signal),
    /** Signs in with a one-time link and sets a password. */
    link: (body: LinkSignIn, signal?: AbortSignal) =>
      call<SessionState>("POST", path("/api/session/link"), body, undefined, signal),
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
};
