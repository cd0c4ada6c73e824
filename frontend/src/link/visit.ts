/** One visit to the consent, in a window of its own: opens it, and finds out how it ended. */
import { type Api, type Connection, Problem } from "./api";

/** Between two looks at the connection. */
const LOOK_MS = 2_000;
/** So many looks in a row may fail before that is told. */
const FAILURES = 5;

/** How a visit stands. */
export type News =
  | { is: "linked"; connection: Connection }
  | { is: "failed"; word: string; message: string }
  /** The window is closed, or kept from us; what follows may still be `linked` or `failed`. */
  | { is: "closed" }
  | { is: "lost"; problem: Problem };

/** A window; it has to be asked for while the owner's click is handled. None when the browser opens none. */
export function openWindow(wait: string): Window | null {
  const opened = window.open("", "_blank", "popup,width=560,height=800");
  if (opened) opened.document.title = wait;
  return opened;
}

/** The Link URL, told which page opens it. */
export function opened(linkUrl: string): string {
  const url = new URL(linkUrl);
  url.searchParams.set("link.embedded", location.origin);
  return url.href;
}

export class Visit {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking = false;
  #again = false;
  #over = false;
  #failures = 0;
  #toldClosed = false;
  #id: string;
  readonly #before: string | undefined;

  constructor(
    readonly api: Api,
    readonly connection: Connection,
    readonly window: Window | null,
    readonly tell: (news: News) => void,
  ) {
    this.#id = connection.id;
    this.#before = connection.dataConnectionErrors.at(-1)?.erroredOnUtc;
    addEventListener("message", this.#heard);
    addEventListener("focus", this.#look);
    if (window) window.location.replace(opened(connection.linkUrl));
    this.#later();
  }

  /** Ends the watch; the window stays for whoever wants to close it. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    removeEventListener("message", this.#heard);
    removeEventListener("focus", this.#look);
  }

  /** The window says that it is done. It is only believed that far: how it ended, the platform is asked. */
  readonly #heard = (event: MessageEvent) => {
    const { data } = event;
    if (event.origin !== this.api.base.origin || data?.type !== "tributary.link.ended") return;
    if (this.window && event.source && event.source !== this.window) return;
    // Another account than before becomes a connection of its own.
    if (typeof data.connectionId === "string") this.#id = data.connectionId;
    void this.#look();
  };

  readonly #look = async () => {
    if (this.#over) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    this.#again = false;
    // Before the answer: what happened until the window closed is in it.
    const closed = this.window?.closed ?? false;
    try {
      const connection = await this.api.get(this.#id);
      this.#failures = 0;
      if (!this.#over) this.#judge(connection, closed);
    } catch (error) {
      this.#fail(error);
    }
    this.#looking = false;
    if (this.#again) void this.#look();
    else this.#later();
  };

  #judge(connection: Connection, closed: boolean): void {
    const newest = connection.dataConnectionErrors.at(-1);
    if (connection.status === "Linked") this.#end({ is: "linked", connection });
    else if (newest && newest.status === "Active" && newest.erroredOnUtc !== this.#before) {
      this.#end({ is: "failed", word: newest.statusText, message: newest.errorMessage });
    } else if (closed && !this.#toldClosed) {
      this.#toldClosed = true;
      this.tell({ is: "closed" });
    }
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    const problem = error instanceof Problem ? error : new Problem("server", String(error));
    if (!problem.userRecoverable || this.#failures >= FAILURES) this.#end({ is: "lost", problem });
  }

  #end(news: News): void {
    if (this.#over) return;
    this.stop();
    this.tell(news);
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (!this.#over) this.#timer = setTimeout(this.#look, LOOK_MS);
  }
}
