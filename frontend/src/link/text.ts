/** What is shown when the page gives no texts of its own. */
import type { LinkText } from "./declared";

export const TEXT: LinkText = {
  close: "Close",
  loading: "One moment…",
  landingTitle: "Connect {company}",
  landingLead: "{askedBy} asks for the Stripe data of {company}.",
  landingPoints: [
    "You decide on Stripe's own page; nobody here sees your Stripe password.",
    "Before that, you are shown what is read and what may be done with it.",
    "You can stop it at any time, here or in your Stripe Dashboard.",
  ],
  continue: "Continue",
  chooseTitle: "Connect {company}",
  chooseLead: "A window opens, in which you decide. It leads to Stripe.",
  test: "Test mode, no real money",
  consent: "I agree that {askedBy} uses the data of {company} as its terms say.",
  connect: "Continue to Stripe",
  cancel: "Cancel",
  waitingTitle: "Go on in the other window",
  waitingLead: "As soon as you have decided there, this page knows.",
  showWindow: "Show the window",
  closedTitle: "Nothing was connected yet",
  closedLead:
    "The window is closed, or your browser keeps it out of our sight. If it is still open, go on there: this page notices.",
  openAgain: "Open the window again",
  blockedTitle: "Your browser opened no window",
  blockedLead: "It holds back windows that pages open. You can open it yourself.",
  openTab: "Open it in a new tab",
  openHere: "Go on in this tab",
  doneTitle: "{company} is connected",
  doneLead: "Reading begins by itself. There is nothing more to do.",
  done: "Done",
  another: "Connect another account",
  failedTitle: "Not connected",
  tryAgain: "Try again",
  reference: "Reference",
  listTitle: "Connections",
  listEmpty: "Nothing is connected.",
  listMore: "The {shown} newest of {total} are shown.",
  disconnect: "Disconnect",
  disconnectAsk: "Nothing more is read then; what was read stays. Disconnect {platform}?",
  disconnectYes: "Yes, disconnect",
  disconnectNo: "No, keep it",
  reconnect: "Connect again",
  lastSync: "Last read",
  status: {
    Linked: "Connected",
    PendingAuth: "Not connected yet",
    Unlinked: "Disconnected",
    Deauthorized: "Stripe ended the access",
  },
  failures: {
    access_denied: "You said no, and nothing is read. You can try again, should you change your mind.",
    state_expired: "The step at Stripe has to end within ten minutes. Try again; it helps to sign in to Stripe first.",
    invalid_grant: "Stripe's confirmation was no longer good when it reached us. Try again; nothing is lost.",
    wrong_mode:
      "Stripe has test accounts and live accounts, and the one that you chose is of the other kind. Choose another.",
    invalid_scope: "Stripe granted something else than what was asked for. Tell the operator of this page.",
    already_linked: "Another connection reads this Stripe account already; that one goes on.",
    another_account: "You came back with another Stripe account than before, and kept the earlier one.",
    integration_disabled: "Connecting was switched off while you were at Stripe. The operator can switch it on.",
    invalid_client: "Stripe does not accept the keys of this integration. Tell the operator of this page.",
    temporarily_unavailable: "Stripe could not be reached. Try again in a few minutes.",
    access_token_missing: "This page is not set up to connect. Tell its operator.",
    access_token_expired: "Your visit here is over. Load this page again.",
    company_mismatch: "This page is not set up to connect. Tell its operator.",
    not_found: "What was to be connected is not there any more. Load this page again.",
    nothing_to_link: "There is nothing to connect with at the moment. The operator of this page can change that.",
    unreachable: "We cannot be reached. Look at your connection to the internet and try again.",
    server: "Something went wrong on our side. Try again in a few minutes.",
  },
};

/** A text with the names in braces filled in; a name that is not known stays. */
export function filled(text: string, names: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
}
