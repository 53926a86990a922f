// Made by client.mjs from docs/openapi/admin.json. Change that, not this.

import { call, path, query } from "./call.js";

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

/** What takes or gives nothing. */
export type Nothing = Record<string, never>;

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

/** What somebody is in the panel. */
export type Role = "admin" | "operator" | "analyst" | "support";

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

export const api = {
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
};
