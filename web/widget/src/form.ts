// The form that a widget stands in: its hidden fields, and waiting for the token when it is sent.

import { Scope } from "./scope.js";

export interface FormHost {
  /** The form by the element's own rules (a form around it, or the attribute `form`), if the browser knows them. */
  readonly form: HTMLFormElement | null | undefined;
  /** Whether a form that is sent now may go; otherwise `release` lets it go later. */
  mayPass(): boolean;
  held(release: () => void): void;
  /** The visitor touches the form. */
  touched(): void;
}

/** `names` are the fields' names, none where the page wants none. */
export class FormLink {
  readonly form: HTMLFormElement | undefined;
  private readonly scope = new Scope();
  private readonly inputs: HTMLInputElement[];
  private token = "";
  private releasing = false;

  constructor(
    private readonly element: HTMLElement,
    private readonly names: readonly string[],
    private readonly host: FormHost,
  ) {
    this.inputs = names.map((name) => hidden(name));
    element.append(...this.inputs);
    this.scope.add(() => this.inputs.forEach((input) => input.remove()));
    this.form = host.form ?? formAround(element);
    if (this.form === undefined) return;
    const id = element.getAttribute("form");
    if (id !== null) this.inputs.forEach((input) => input.setAttribute("form", id));
    this.listen(this.form);
  }

  private listen(form: HTMLFormElement): void {
    // From the top down, so that nobody reads a form that has no token yet.
    const root = form.getRootNode();
    this.scope.on(root, "submit", (event: SubmitEvent) => this.onSubmit(event), { capture: true });
    for (const type of ["focusin", "input", "pointerdown"]) {
      this.scope.on(form, type, ({ target }: Event) => target !== this.element && this.host.touched(), {
        passive: true,
      });
    }
    if (this.element.getRootNode() === root) return;
    // The form stands outside of the shadow tree, and knows nothing of fields in it.
    this.scope.on(form, "formdata", ({ formData }: FormDataEvent) => {
      for (const name of this.names) formData.set(name, this.token);
    });
  }

  fill(token: string): void {
    this.token = token;
    for (const input of this.inputs) input.value = token;
  }

  end(): void {
    this.scope.end();
  }

  private onSubmit(event: SubmitEvent): void {
    const { form, host } = this;
    if (event.target !== form || host.mayPass() || this.releasing) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    host.held(() => this.release(form!, submitter ?? null));
  }

  private release(form: HTMLFormElement, submitter: HTMLElement | null): void {
    if (!form.isConnected) return;
    this.releasing = true;
    try {
      sendAgain(form, submitter);
    } finally {
      this.releasing = false;
    }
  }
}

function sendAgain(form: HTMLFormElement, submitter: HTMLElement | null): void {
  const button = submitter as HTMLButtonElement | null;
  const usable = button !== null && button.form === form && !button.disabled ? button : null;
  if (typeof form.requestSubmit === "function") return form.requestSubmit(usable);
  // Browsers before 2022: a press on the button says the same, unless there is none.
  if (usable !== null) usable.click();
  else if (form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }))) form.submit();
}

/** The form around an element, also through the walls of shadow trees. */
function formAround(element: Element): HTMLFormElement | undefined {
  for (let at: Element | null = element; at !== null;) {
    const form: HTMLFormElement | null = at.closest("form");
    if (form !== null) return form;
    const root = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return undefined;
}

function hidden(name: string): HTMLInputElement {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  // Pages made for reCAPTCHA look for its field by id.
  if (name === "g-recaptcha-response" && document.getElementById(name) === null) input.id = name;
  return input;
}
