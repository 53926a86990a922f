// src/index.ts
import { type ErrorCode, type Options } from "@spigot/widget";
import { type HTMLAttributes } from "react";
export interface SpigotChallengeProps extends Omit<HTMLAttributes<HTMLDivElement>, "onError"> {
    siteKey: string;
    /** The folder of the service's files, `https://…/.spigot/widget/`; the page's own site without. */
    base?: string;
    /** Further options, by the names of the element's attributes. A change of them makes the widget anew. */
    options?: Omit<Partial<Options>, "site-key" | "base">;
    onToken?: (token: string) => void;
    onError?: (code: ErrorCode, decision?: string) => void;
    onExpired?: () => void;
}
export interface SpigotChallengeHandle {
    execute(): Promise<string>;
    reset(): void;
    getResponse(): string | undefined;
    isExpired(): boolean;
}
export declare const SpigotChallenge: import("react").ForwardRefExoticComponent<SpigotChallengeProps & import("react").RefAttributes<SpigotChallengeHandle>>;
