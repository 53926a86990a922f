// Who is signed in, for everything that shows or hides something by it. The server decides; this only saves a question.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Person, Role } from "./client.js";

/** What an operation asks of whoever does it; as in the API's document. */
export type Need = "look" | "read" | "help" | "steer" | "administer";

const MAY: Record<Role, readonly Need[]> = {
  admin: ["look", "read", "help", "steer", "administer"],
  operator: ["look", "read", "help", "steer"],
  analyst: ["look", "read"],
  support: ["look", "help"],
};

export function may(role: Role, need: Need): boolean {
  return MAY[role].includes(need);
}

export const SessionContext = createContext<Person | null>(null);

export function usePerson(): Person {
  const person = useContext(SessionContext);
  if (!person) throw new Error("a page is shown to somebody who is signed in");
  return person;
}

export function useMay(need: Need): boolean {
  return may(usePerson().role, need);
}
