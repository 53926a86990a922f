// Signed in or not, and the page that the address names.

import { useCallback, useEffect, useState } from "preact/hooks";
import { onSignedOut, setCsrf } from "./call.js";
import { api, type SessionState } from "./client.js";
import { Failed, Loading } from "./components/states.js";
import { Toasts } from "./components/toast.js";
import { problemOf } from "./load.js";
import type { Problem } from "./call.js";
import { takeBack } from "./identity.js";
import { useRoute } from "./route.js";
import { SessionContext } from "./session.js";
import { Shell } from "./shell/shell.js";
import { SignInPage } from "./pages/sign-in/index.js";
import { WelcomePage } from "./pages/welcome/index.js";
import { useLanguage } from "./text.js";

/** Of somebody who comes from the identity provider. */
const back = takeBack();

export function App() {
  useLanguage();
  const route = useRoute();
  const [session, setSession] = useState<SessionState | null>(null);
  const [problem, setProblem] = useState<Problem>();
  const entered = useCallback((state: SessionState) => {
    setCsrf(state.person?.csrf ?? "");
    setProblem(undefined);
    setSession(state);
  }, []);
  const look = useCallback(() => {
    api.session.state().then(entered, (error: unknown) => setProblem(problemOf(error)));
  }, [entered]);
  useEffect(() => {
    onSignedOut(look);
    look();
  }, [look]);
  return (
    <>
      {problem && !session ? (
        <main class="alone">
          <Failed problem={problem} onRetry={look} />
        </main>
      ) : !session ? (
        <main class="alone">
          <Loading />
        </main>
      ) : route.page === "welcome" && route.parts[0] ? (
        <WelcomePage link={route.parts[0]} onEntered={entered} />
      ) : !session.person ? (
        <SignInPage session={session} onEntered={entered} back={back} />
      ) : (
        <SessionContext.Provider value={session.person}>
          <Shell route={route} version={session.version} onLeft={look} />
        </SessionContext.Provider>
      )}
      <Toasts />
    </>
  );
}
