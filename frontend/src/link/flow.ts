/** The steps of linking, from the question to the connection. */
import { type Api, type Connection, details, type Offer, Problem } from "./api";
import type { ErrorCode, LinkProps, LinkText } from "./declared";
import { filled, TEXT } from "./text";
import { button, Frame, h } from "./view";
import { type News, opened, openWindow, Visit } from "./visit";

/** What the flow needs of the page. */
export type Told = Omit<LinkProps, "accessToken" | "companyId">;

export class Flow {
  #frame: Frame;
  #offer: Offer | undefined;
  #visit: Visit | undefined;
  #over = false;

  /** `connection`: link this one again, and ask nothing before. */
  constructor(
    readonly api: Api,
    readonly told: () => Told,
    target: Element,
    readonly connection?: string,
  ) {
    const closing = { text: this.#say("close"), act: () => this.#closed() };
    this.#frame = new Frame(target, this.#options, closing);
  }

  get #options() {
    return this.told().options ?? {};
  }

  /** A text of the page's or ours, with its names filled in. */
  #say(name: Exclude<keyof LinkText, "landingPoints" | "status" | "failures">, platform = ""): string {
    const { companyName: company = "", askedBy = "" } = this.#offer ?? {};
    return filled(this.#options.text?.[name] ?? TEXT[name], { company, askedBy, platform });
  }

  #failure(word: string): string | undefined {
    return this.#options.text?.failures?.[word] ?? TEXT.failures[word];
  }

  /** Begins: reads who asks and through what. */
  async start(): Promise<void> {
    this.#frame.show({ title: this.#say("loading") });
    try {
      this.#offer = await this.api.offer();
    } catch (error) {
      this.#trouble(error, () => void this.start());
      return;
    }
    if (this.#over) return;
    if (this.#choices().length === 0) {
      this.#trouble(new Problem("nothing_to_link", "No integration is open that the options allow."));
    } else if (this.#options.showLandingPage) this.#landing();
    else this.#choose();
  }

  /** Links one connection again; has to be called while the owner's click is handled. */
  async again(connection: string): Promise<void> {
    await this.#go(
      () => this.api.get(connection),
      async () => {
        this.#offer ??= await this.api.offer();
      },
    );
  }

  destroy(): void {
    this.#over = true;
    this.#visit?.stop();
    this.#visit?.window?.close();
    this.#frame.remove();
  }

  restyle(): void {
    this.#frame.colour(this.#options);
  }

  #closed(): void {
    if (this.#over) return;
    this.destroy();
    this.told().onClose?.();
  }

  #choices(): Offer["integrations"] {
    const { sourceTypes, showSandboxIntegrations = true } = this.#options;
    const wanted = sourceTypes?.map((one) => one.toLowerCase());
    return (this.#offer?.integrations ?? [])
      .filter((one) => !wanted || wanted.includes(one.sourceType.toLowerCase()))
      .filter((one) => showSandboxIntegrations || one.mode === "live");
  }

  #landing(): void {
    const points = this.#options.text?.landingPoints ?? TEXT.landingPoints;
    this.#frame.show({
      title: this.#say("landingTitle"),
      body: [
        h("p", {}, this.#say("landingLead")),
        h("ul", { class: "points" }, ...points.map((one) => h("li", {}, one))),
      ],
      acts: [button(this.#say("continue"), () => this.#choose()), this.#cancel()],
    });
  }

  #choose(): void {
    const choices = this.#choices();
    const form = h("form", { onsubmit: (event) => event.preventDefault() });
    form.append(h("p", {}, this.#say("chooseLead")));
    if (choices.length > 1) form.append(this.#picks(choices));
    else if (choices[0]?.mode === "test") form.append(h("p", { class: "note" }, this.#say("test")));
    const consents = this.#options.enableAdditionalConsent === true;
    if (consents) {
      const box = h("input", { type: "checkbox", name: "consent", required: true });
      form.append(h("label", { class: "pick" }, box, h("span", {}, this.#say("consent"))));
    }
    const go = () => {
      if (!form.reportValidity()) return;
      if (consents) this.told().onConsent?.();
      const picked = new FormData(form).get("integration") ?? choices[0]?.key;
      void this.#go(() => this.api.waiting(String(picked)));
    };
    this.#frame.show({
      title: this.#say("chooseTitle"),
      body: [form],
      acts: [button(this.#say("connect"), go), this.#cancel()],
    });
  }

  #picks(choices: Offer["integrations"]): HTMLElement {
    const picks = choices.map((one, at) => {
      const radio = h("input", { type: "radio", name: "integration", value: one.key, checked: at === 0 });
      const kind = one.mode === "test" && h("span", {}, this.#say("test"));
      return h("label", { class: "pick" }, radio, h("span", {}, one.name, kind));
    });
    return h("fieldset", {}, h("legend", {}, this.#say("chooseTitle")), ...picks);
  }

  #cancel(): HTMLButtonElement {
    return button(this.#say("cancel"), () => this.#closed(), true);
  }

  /** Opens the window within the owner's click, and then gets the connection that it is for. */
  async #go(get: () => Promise<Connection>, before?: () => Promise<void>): Promise<void> {
    this.#visit?.stop();
    this.#visit?.window?.close();
    const window = openWindow(this.#say("loading"));
    this.#frame.show({ title: this.#say("loading") });
    let connection: Connection;
    try {
      await before?.();
      connection = await get();
    } catch (error) {
      window?.close();
      this.#trouble(error, () => void this.#go(get, before));
      return;
    }
    if (this.#over) {
      window?.close();
      return;
    }
    const anew = () => void this.#go(() => this.api.get(connection.id));
    this.#visit = new Visit(this.api, connection, window, (news) => this.#news(news, anew));
    if (window) this.#waiting();
    else this.#blocked(connection);
    this.told().onConnectionStarted?.(details(connection));
  }

  #waiting(): void {
    const show = button(this.#say("showWindow"), () => this.#visit?.window?.focus());
    this.#frame.show({
      title: this.#say("waitingTitle"),
      body: [h("p", {}, this.#say("waitingLead"))],
      acts: [show, this.#cancel()],
    });
  }

  #blocked(connection: Connection): void {
    const tab = h("a", { class: "act", href: opened(connection.linkUrl), target: "_blank", rel: "opener" });
    tab.textContent = this.#say("openTab");
    // Without the page's origin: in this tab the profile's own redirect leads back.
    const here = h("a", { class: "act plain", href: connection.linkUrl }, this.#say("openHere"));
    this.#frame.show({
      title: this.#say("blockedTitle"),
      body: [h("p", {}, this.#say("blockedLead"))],
      acts: [tab, here, this.#cancel()],
    });
    this.#tell(new Problem("popup_blocked", "The browser opened no window; the owner is offered a link.", true));
  }

  #news(news: News, anew: () => void): void {
    if (this.#over) return;
    if (news.is === "linked") this.#done(news.connection);
    else if (news.is === "lost") this.#trouble(news.problem, anew);
    else if (news.is === "closed") {
      this.#frame.show({
        title: this.#say("closedTitle"),
        body: [h("p", {}, this.#say("closedLead"))],
        acts: [button(this.#say("openAgain"), anew), this.#cancel()],
      });
      this.#tell(new Problem("popup_closed", "The window was closed before anything was decided.", true));
    } else {
      const code: ErrorCode = news.word === "access_denied" ? "refused" : "failed";
      this.#visit?.window?.close();
      this.#failed(this.#failure(news.word) ?? news.message, anew);
      this.#tell(new Problem(code, news.message, true));
    }
  }

  #done(connection: Connection): void {
    this.#visit?.window?.close();
    const finish = () => {
      if (this.#over) return;
      this.destroy();
      this.told().onFinish?.();
    };
    const more = this.#options.enableMultiEntityLinking === true && !this.connection;
    this.#frame.show({
      title: this.#say("doneTitle"),
      body: [h("p", {}, this.#say("doneLead"))],
      acts: [button(this.#say("done"), finish), more && button(this.#say("another"), () => this.#choose(), true)],
    });
    this.told().onConnection?.(details(connection));
  }

  #failed(why: string, anew?: () => void, reference = ""): void {
    this.#frame.show({
      title: this.#say("failedTitle"),
      body: [
        h("p", {}, why),
        reference !== "" && h("p", { class: "soft" }, `${this.#say("reference")}: `, h("code", {}, reference)),
      ],
      acts: [anew && button(this.#say("tryAgain"), anew), this.#cancel()],
    });
  }

  #trouble(error: unknown, anew?: () => void): void {
    if (this.#over) return;
    const problem = error instanceof Problem ? error : new Problem("server", String(error));
    const why = this.#failure(problem.errorCode) ?? problem.message;
    this.#failed(why, problem.userRecoverable ? anew : undefined, problem.correlationId);
    this.#tell(problem);
  }

  #tell(problem: Problem): void {
    this.told().onError?.(problem.told());
  }
}
