// src/types.ts
/** `invisible` takes no room and asks in a dialog if it must; `managed` shows itself only when it must; `visible` always
 * shows a box and asks for a press. */
export type Mode = "invisible" | "managed" | "visible";
/** When the check begins: with the page, with the first touch of the form, when the form is sent, or by `execute`. */
export type Auto = "load" | "focus" | "submit" | "off";
/** When the box of mode `managed` is in sight: when it must, from when the check begins, always. */
export type Appearance = "interaction-only" | "execute" | "always";
export type Size = "normal" | "flexible" | "compact";
export type Theme = "auto" | "light" | "dark";
/** What is done about a token that runs out, or a press that nobody made: again by itself, by the visitor's press, or
 * not at all. */
export type Refresh = "auto" | "manual" | "never";
/** The options of `render`; all but the functions are also attributes of `<spigot-challenge>`, by the same names, where
 * the functions are named by a property of `window`. */
export interface Options {
    "site-key": string;
    /** At most 32 of A–Z, a–z, 0–9, `_` and `-`. It comes back with the verification. */
    action?: string;
    /** At most 255 characters of the page's own. They come back with the verification. */
    data?: string;
    /** A token that the site's own server had issued for this visitor (`POST /v1/server/challenge/issue`). */
    "server-token"?: string;
    mode?: Mode;
    auto?: Auto;
    /** Of mode `managed`; `interaction-only` without. */
    appearance?: Appearance;
    size?: Size;
    theme?: Theme;
    /** A BCP 47 tag; without one, the page's language, then the browser's. */
    language?: string;
    /** `false` puts no hidden field into the form and holds no form back. */
    "response-field"?: boolean | "true" | "false";
    /** `spigot-response` without. */
    "response-field-name"?: string;
    /** Further names of the hidden field, with spaces between: `cf-turnstile-response`, `h-captcha-response`, … */
    "compat-fields"?: string;
    /** Whether a form that is sent waits for its token. `on` without. */
    hold?: "on" | "off";
    /** Whether a service that is away is asked again. `auto` without. */
    retry?: "auto" | "never";
    "refresh-expired"?: Refresh;
    "refresh-timeout"?: Refresh;
    /** Whether the sums of behaviour that docs/privacy.md lists are sent. `on` without. */
    collect?: "on" | "off";
    /** The folder of the service's files, `https://…/.spigot/widget/`. Without, where the script came from. As an attribute
     * only at the page's own origin or the script's; at any other by a script. */
    base?: string;
    callback?: ((token: string) => void) | string;
    "error-callback"?: ((code: ErrorCode, decision?: string) => void) | string;
    "expired-callback"?: (() => void) | string;
    "timeout-callback"?: (() => void) | string;
    "before-interactive-callback"?: (() => void) | string;
    "after-interactive-callback"?: (() => void) | string;
    "unsupported-callback"?: (() => void) | string;
}
/** Why there is no token. */
export type ErrorCode = 
/** The page's author has to mend something. */
"site_key_missing" | "site_key_unknown" | "host_not_allowed" | "action_malformed" | "data_too_long" | "protocol_unsupported" | "malformed" | "server_token_invalid"
/** The service does not want to serve this client now. */
 | "restricted" | "throttled" | "too_often"
/** The service is away, or has no time. */
 | "unreachable" | "busy" | "unavailable"
/** The visitor closed the dialog. */
 | "closed"
/** This browser cannot solve at all. */
 | "solve_failed" | "unsupported"
/** A test key that always fails. */
 | "test_failed"
/** Whatever else the service calls it. */
 | (string & {});
/** The names of a widget's states, as `data-state` and in the event `spigot-state`. */
export type StateName = "idle" | "working" | "press" | "done" | "expired" | "failed";
export interface Spigot {
    readonly version: string;
    /** Puts a widget into an element (or the first that a selector finds), and gives its id. */
    render(container: Element | string, options: Options): string;
    /** Begins the check, if it has not begun, and gives the token. `which` is an id, the container, or the widget. */
    execute(which?: string | Element): Promise<string>;
    /** Forgets the token; with `auto="load"` the check begins again. */
    reset(which?: string | Element): void;
    /** Takes the widget away with all that it holds. */
    remove(which?: string | Element): void;
    /** The token, or nothing while there is none. */
    getResponse(which?: string | Element): string | undefined;
    isExpired(which?: string | Element): boolean;
    /** Calls back as soon as the page is parsed, at once when it is. */
    ready(callback: () => void): void;
}

// src/index.ts
import type { Spigot } from "./types.js";
export type * from "./types.js";
export interface InstallOptions {
    /** The folder of the service's files, `https://…/.spigot/widget/`. Without, that folder on the page's own site. */
    base?: string;
    /** For browsers before 2023 on pages whose policy asks for one on styles. */
    nonce?: string;
}
/** Defines `<spigot-challenge>` and gives its calls. The first call says where the service is; call it in a browser. */
export declare function install(options?: InstallOptions): Spigot;
