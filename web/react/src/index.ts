// The widget as a React component: a place for it, and its calls by a ref.

import { install, type ErrorCode, type Options } from "@spigot/widget";
import { createElement, forwardRef, useEffect, useImperativeHandle, useRef, type HTMLAttributes } from "react";

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

export const SpigotChallenge = forwardRef<SpigotChallengeHandle, SpigotChallengeProps>((props, ref) => {
  const { siteKey, base, options = {}, onToken, onError, onExpired, ...others } = props;
  const place = useRef<HTMLDivElement>(null);
  // The newest callbacks, without a new widget for each of them.
  const callbacks = useRef({ onToken, onError, onExpired });
  callbacks.current = { onToken, onError, onExpired };
  const wanted = JSON.stringify([siteKey, base, options]);

  useEffect(() => {
    const spigot = install();
    const id = spigot.render(place.current!, {
      ...options,
      "site-key": siteKey,
      ...(base === undefined ? {} : { base }),
      callback: (token) => callbacks.current.onToken?.(token),
      "error-callback": (code, decision) => callbacks.current.onError?.(code, decision),
      "expired-callback": () => callbacks.current.onExpired?.(),
    });
    return () => spigot.remove(id);
  }, [wanted]);

  useImperativeHandle(
    ref,
    () => ({
      execute: () => install().execute(place.current ?? undefined),
      reset: () => install().reset(place.current ?? undefined),
      getResponse: () => install().getResponse(place.current ?? undefined),
      isExpired: () => install().isExpired(place.current ?? undefined),
    }),
    [],
  );

  return createElement("div", { ...others, ref: place });
});
SpigotChallenge.displayName = "SpigotChallenge";
