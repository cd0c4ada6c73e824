/** A company's connections, for its owner: how each stands, to end one, and to link one again. */
import { Api, type Connection, details, Problem } from "./api";
import type { ConnectionsProps, LinkText } from "./declared";
import { Flow } from "./flow";
import { filled, TEXT } from "./text";
import { button, Frame, h } from "./view";

export class TributaryConnections {
  readonly #base: URL;
  readonly #target: Element;
  readonly #frame: Frame;
  #props: ConnectionsProps;
  #api: Api;
  #flow: Flow | undefined;
  #over = false;

  constructor(made: { target: Element; props: ConnectionsProps }, base = new URL("..", import.meta.url)) {
    this.#base = base;
    this.#target = made.target;
    this.#props = made.props;
    this.#api = this.#asking();
    this.#frame = new Frame(made.target, { ...made.props.options, nonModal: true });
    void this.refresh();
  }

  $set(props: Partial<ConnectionsProps>): void {
    this.#props = { ...this.#props, ...props };
    this.#api = this.#asking();
    this.#frame.colour(this.#props.options ?? {});
    void this.refresh();
  }

  $destroy(): void {
    this.#over = true;
    this.#flow?.destroy();
    this.#frame.remove();
  }

  async refresh(): Promise<void> {
    const title = this.#say("listTitle");
    try {
      const { results, totalResults } = await this.#api.list();
      if (this.#over) return;
      const items = results.map((one) => this.#item(one));
      const total = { shown: String(results.length), total: String(totalResults) };
      this.#frame.show({
        title,
        body: [
          items.length > 0 ? h("ul", {}, ...items) : h("p", { class: "soft" }, this.#say("listEmpty")),
          totalResults > results.length && h("p", { class: "soft" }, filled(this.#say("listMore"), total)),
        ],
      });
    } catch (error) {
      this.#trouble(error);
    }
  }

  #asking(): Api {
    return new Api(this.#base, this.#props.accessToken, this.#props.companyId);
  }

  #say(name: Exclude<keyof LinkText, "landingPoints" | "status" | "failures">): string {
    return this.#props.options?.text?.[name] ?? TEXT[name];
  }

  #item(one: Connection): HTMLElement {
    const { status = TEXT.status } = this.#props.options?.text ?? {};
    const { accountName, accountId } = one.connectionInfo ?? {};
    const read = one.lastSync && `${this.#say("lastSync")}: ${new Date(one.lastSync).toLocaleString()}`;
    const acts = h("div", { class: "acts" });
    const name = accountName || one.platformName;
    if (one.status === "Linked") acts.append(this.#ending(one, name, acts));
    else {
      const anew = button(this.#say("reconnect"), () => this.#again(one));
      anew.setAttribute("aria-label", `${this.#say("reconnect")}: ${name}`);
      acts.append(anew);
    }
    return h(
      "li",
      { class: "one" },
      h("h3", {}, name),
      h("p", {}, status[one.status] ?? TEXT.status[one.status] ?? one.status, accountId ? ` · ${accountId}` : null),
      read && h("p", { class: "soft" }, read),
      acts,
    );
  }

  /** Ends a connection in two steps, at the same place. */
  #ending(one: Connection, name: string, acts: HTMLElement): HTMLButtonElement {
    const first = button(
      this.#say("disconnect"),
      () => {
        const ask = h("p", { tabindex: "-1" }, filled(this.#say("disconnectAsk"), { platform: name }));
        const keep = () => {
          acts.replaceChildren(first);
          first.focus();
        };
        const yes = button(this.#say("disconnectYes"), () => void this.#end(one));
        acts.replaceChildren(ask, yes, button(this.#say("disconnectNo"), keep, true));
        ask.focus();
      },
      true,
    );
    first.setAttribute("aria-label", `${this.#say("disconnect")}: ${name}`);
    return first;
  }

  async #end(one: Connection): Promise<void> {
    try {
      const ended = await this.#api.unlink(one.id);
      await this.refresh();
      this.#props.onDisconnect?.(details(ended));
    } catch (error) {
      this.#trouble(error);
    }
  }

  #again(one: Connection): void {
    const over = () => void this.refresh();
    const told = () => ({
      options: this.#props.options ?? {},
      onConnection: (linked: ReturnType<typeof details>) => this.#props.onReconnect?.(linked),
      onError: (error: ReturnType<Problem["told"]>) => this.#props.onError?.(error),
      onFinish: over,
      onClose: over,
    });
    this.#flow?.destroy();
    this.#flow = new Flow(this.#api, told, this.#target, one.id);
    void this.#flow.again(one.id);
  }

  #trouble(error: unknown): void {
    if (this.#over) return;
    const problem = error instanceof Problem ? error : new Problem("server", String(error));
    const failures: Record<string, string> = { ...TEXT.failures, ...this.#props.options?.text?.failures };
    const reference = problem.correlationId;
    this.#frame.show({
      title: this.#say("listTitle"),
      body: [
        h("p", { role: "alert" }, failures[problem.errorCode] ?? problem.message),
        reference !== "" && h("p", { class: "soft" }, `${this.#say("reference")}: `, h("code", {}, reference)),
      ],
      acts: [button(this.#say("tryAgain"), () => void this.refresh())],
    });
    this.#props.onError?.(problem.told());
  }
}
