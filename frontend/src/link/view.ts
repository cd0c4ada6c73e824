/** What is drawn: elements made by script alone, in a frame that is a dialog over the page or a part of it. */

import type { LinkOptions } from "./declared";
import { colour, dress } from "./style";

type Child = Node | string | false | null | undefined;

/** An element; a property whose name begins with `on` is a listener, others are attributes; `false` leaves one away. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  given: Record<string, string | boolean | ((event: Event) => void)> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(
    ...children.filter((child): child is Node | string => typeof child === "string" || child instanceof Node),
  );
  return made;
}

/** A button; a `plain` one is not what the screen is about. */
export function button(text: string, act: () => void, plain = false): HTMLButtonElement {
  return h("button", { type: "button", class: plain ? "plain" : "", onclick: act }, text);
}

/** What one step shows. */
export interface Screen {
  title: string;
  body?: Child[];
  acts?: Child[];
}

/** Where the steps are shown. */
export class Frame {
  readonly host = document.createElement("div");
  readonly #outer: HTMLDialogElement | HTMLElement;
  readonly #inside = h("div", { class: "inside" });
  readonly #closing: { text: string; act: () => void } | undefined;
  #shown = false;

  /** `closing`: the name of the button that closes, and what it does; without it there is none. */
  constructor(target: Element, options: LinkOptions, closing?: { text: string; act: () => void }) {
    this.#closing = closing;
    const root = this.host.attachShadow({ mode: "open" });
    dress(root, options.nonce);
    colour(this.host, options.theme);
    this.#outer = options.nonModal
      ? h("section", { "aria-labelledby": "title" }, this.#inside)
      : h("dialog", { "aria-labelledby": "title" }, this.#inside);
    // Escape asks the dialog to close: it does so when the flow does.
    this.#outer.addEventListener("cancel", (event) => {
      event.preventDefault();
      closing?.act();
    });
    root.append(this.#outer);
    target.append(this.host);
    // A modal dialog makes the page behind it inert, keeps the focus, and gives it back when it closes.
    if (this.#outer instanceof HTMLDialogElement) this.#outer.showModal();
  }

  colour(options: LinkOptions): void {
    colour(this.host, options.theme);
  }

  /** Shows a step, and moves the focus to its heading, so that it is read out; a part of the page leaves it at first. */
  show({ title, body = [], acts = [] }: Screen): void {
    const heading = h("h2", { id: "title", tabindex: "-1" }, title);
    const { text = "", act = () => {} } = this.#closing ?? {};
    const close = h("button", { type: "button", class: "x", "aria-label": text, onclick: act }, "×");
    const top = h("div", { class: "top" }, heading, this.#closing && close);
    this.#inside.replaceChildren(top, ...body.filter((one): one is Node => one instanceof Node));
    const shown = acts.filter((one): one is Node => one instanceof Node);
    if (shown.length) this.#inside.append(h("div", { class: "acts" }, ...shown));
    if (this.#shown || this.#outer instanceof HTMLDialogElement) heading.focus();
    this.#shown = true;
  }

  remove(): void {
    if (this.#outer instanceof HTMLDialogElement) this.#outer.close();
    this.host.remove();
  }
}
