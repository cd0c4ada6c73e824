/**
 * Link inside your own page: the types of `/link/embedded.js`.
 *
 * Your page's origin has to be among the allowed origins of `/corsSettings`, and its Content-Security-Policy has to name
 * your Tributary in `script-src` and `connect-src`. Nothing else is needed: no `unsafe-eval`, no `unsafe-inline`.
 */

/** An access token of one company, of `GET /companies/{companyId}/accessToken`; or how to get one, asked again when it is over. */
export type AccessToken = string | (() => string | Promise<string>);

/** Of a connection that Link made or began. */
export interface ConnectionDetails {
  connectionId: string;
  integrationId: string;
  sourceId: string;
  /** Always `Commerce`. */
  sourceType: string;
  /** `exgd` is Stripe, `yzth` is Stripe Test. */
  integrationKey: string;
  platformName: string;
}

/** What can go wrong. */
export type ErrorCode =
  /** No access token was given. Yours to mend. */
  | "access_token_missing"
  /** The token is over or not ours, and no function was given that gets another. Yours to mend. */
  | "access_token_expired"
  /** `companyId` is not the company of the token. Yours to mend. */
  | "company_mismatch"
  /** The company or the connection is not there any more. Yours to mend. */
  | "not_found"
  /** No integration is set up and switched on that your options allow. Yours to mend. */
  | "nothing_to_link"
  /** The browser opened no window; the owner is offered a link instead. */
  | "popup_blocked"
  /** The window was closed before anything was decided; the owner can open it again. */
  | "popup_closed"
  /** The owner said no; they can try again. */
  | "refused"
  /** Stripe or the platform did not let the consent come to its end; `message` says why. */
  | "failed"
  /** The platform does not answer, or your page may not ask it (origin, Content-Security-Policy). */
  | "unreachable"
  /** The platform refused or failed; `message` is its own. */
  | "server";

/** What went wrong. */
export interface LinkError {
  /** The request's id, to be found in the platform's log; empty when no request was answered. */
  correlationId: string;
  message: string;
  errorCode: ErrorCode;
  /** Whether the owner can go on by themselves. */
  userRecoverable: boolean;
}

/** Every text that is shown. `{company}`, `{askedBy}` and `{platform}` are filled in. */
export interface LinkText {
  close: string;
  loading: string;
  landingTitle: string;
  landingLead: string;
  landingPoints: string[];
  continue: string;
  chooseTitle: string;
  chooseLead: string;
  test: string;
  consent: string;
  connect: string;
  cancel: string;
  waitingTitle: string;
  waitingLead: string;
  showWindow: string;
  closedTitle: string;
  closedLead: string;
  openAgain: string;
  blockedTitle: string;
  blockedLead: string;
  openTab: string;
  openHere: string;
  doneTitle: string;
  doneLead: string;
  done: string;
  another: string;
  failedTitle: string;
  tryAgain: string;
  reference: string;
  listTitle: string;
  listEmpty: string;
  listMore: string;
  disconnect: string;
  disconnectAsk: string;
  disconnectYes: string;
  disconnectNo: string;
  reconnect: string;
  lastSync: string;
  /** By the connection's status: `Linked`, `PendingAuth`, `Unlinked`, `Deauthorized`. */
  status: Record<string, string>;
  /** By the word of a failed consent (`statusText`), and by {@link ErrorCode}. */
  failures: Record<string, string>;
}

/** How it looks. Colours are CSS colours; keep 4.5:1 between each pair. */
export interface LinkTheme {
  /** `auto` follows the owner's system. */
  scheme?: "light" | "dark" | "auto";
  accent?: string;
  /** The text on the accent. */
  accentInk?: string;
  background?: string;
  ink?: string;
  /** Such as `0.75rem`. */
  radius?: string;
  /** A font family that your page has. */
  font?: string;
}

export interface LinkOptions {
  /** `true`: part of your page instead of a dialog over it. */
  nonModal?: boolean;
  /** `true`: begins with a page that says who asks, for what, and how to stop it. */
  showLandingPage?: boolean;
  /** `false` hides test integrations. */
  showSandboxIntegrations?: boolean;
  theme?: LinkTheme;
  /** Only integrations of these; all of ours are `Commerce`. */
  sourceTypes?: string[];
  text?: Partial<LinkText>;
  /** `true`: asks for a consent of your own before Stripe's, with `text.consent`. */
  enableAdditionalConsent?: boolean;
  /** `true`: offers to connect another account after the first. */
  enableMultiEntityLinking?: boolean;
  /** The nonce of your Content-Security-Policy, for browsers without constructable style sheets. */
  nonce?: string;
}

export interface LinkProps {
  /** Optional: the token names its company. Given, it has to be the same one. An id alone opens nothing. */
  companyId?: string;
  accessToken: AccessToken;
  /** The owner is on the way to Stripe. */
  onConnectionStarted?: (details: ConnectionDetails) => void;
  /** The connection is Linked. */
  onConnection?: (details: ConnectionDetails) => void;
  /** The owner gave the additional consent. */
  onConsent?: () => void;
  /** The owner pressed Done after a connection. */
  onFinish?: () => void;
  /** It was closed, at whatever step. */
  onClose?: () => void;
  onError?: (error: LinkError) => void;
  options?: LinkOptions;
}

export interface ConnectionsProps {
  companyId?: string;
  accessToken: AccessToken;
  /** The owner disconnected. */
  onDisconnect?: (details: ConnectionDetails) => void;
  /** The owner connected again. */
  onReconnect?: (details: ConnectionDetails) => void;
  onError?: (error: LinkError) => void;
  options?: Pick<LinkOptions, "theme" | "text" | "nonce">;
}

/** Lets a company's owner link. It opens as soon as it is made. */
export declare class TributaryLink {
  /** `target`: where it is put; without one, at the end of the page. */
  constructor(made: { target?: Element; props: LinkProps });
  /** Takes new props; what is shown is drawn anew with the next step. */
  $set(props: Partial<LinkProps>): void;
  /** Takes it away, without a word. */
  $destroy(): void;
}

/** Lists a company's connections, and lets its owner disconnect and reconnect. Part of your page. */
export declare class TributaryConnections {
  constructor(made: { target: Element; props: ConnectionsProps });
  /** Takes new props, and reads the list anew. */
  $set(props: Partial<ConnectionsProps>): void;
  /** Reads the list anew. */
  refresh(): Promise<void>;
  $destroy(): void;
}

/** The name under which pages made for Codat's Link import it: only the module's address changes. */
export { TributaryLink as CodatLink };
