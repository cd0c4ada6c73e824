/** How it looks: within a shadow root, so that neither page nor component colours the other. */
import type { LinkTheme } from "./declared";

const CSS = `
:host {
  --scheme-ground: light-dark(#ffffff, #17202a); --scheme-ink: light-dark(#17212b, #e9eef3);
  --scheme-act: light-dark(#0b5aa8, #85bdf8); --scheme-act-ink: light-dark(#ffffff, #081320);
  --ground: var(--link-background, var(--scheme-ground)); --ink: var(--link-ink, var(--scheme-ink));
  --act: var(--link-accent, var(--scheme-act)); --act-ink: var(--link-accent-ink, var(--scheme-act-ink));
  --soft: light-dark(#4c5a68, #aebac6); --line: light-dark(#7d8b99, #73818f); --hair: light-dark(#dbe1e7, #2c3844);
  --note: light-dark(#fff3d1, #3a2f10); --note-ink: light-dark(#543c00, #ffe2a0); --radius: var(--link-radius, 0.75rem);
  color-scheme: light dark; display: block; color: var(--ink);
  font: 1rem/1.5 var(--link-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
}
* { box-sizing: border-box; }
dialog, section { width: min(30rem, 100%); color: inherit; background: var(--ground); }
dialog { padding: 0; border: 1px solid var(--hair); border-radius: calc(var(--radius) * 1.3); max-height: min(44rem, 94dvh); overflow-y: auto; }
dialog::backdrop { background: rgb(3 6 9 / 0.55); }
section { border: 1px solid var(--hair); border-radius: var(--radius); width: 100%; }
.inside { padding: 1.5rem clamp(1rem, 5vw, 1.75rem) 1.75rem; }
.top { display: flex; align-items: start; justify-content: space-between; gap: 1rem; }
h2 { margin: 0.35rem 0 0.75rem; font-size: 1.3rem; line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
h2:focus { outline: none; }
p { margin: 0 0 0.75rem; overflow-wrap: anywhere; }
ul { margin: 0 0 1rem; padding: 0; list-style: none; }
.points { padding-left: 1.1rem; list-style: disc; }
.points li { margin-bottom: 0.5rem; }
.soft { color: var(--soft); }
.note { padding: 0.5rem 0.8rem; border-radius: 0.4rem; background: var(--note); color: var(--note-ink); }
fieldset { margin: 0 0 1rem; padding: 0; border: 0; }
legend { padding: 0; font-weight: 700; margin-bottom: 0.4rem; }
.pick { display: flex; align-items: center; gap: 0.75rem; min-height: 2.75rem; padding: 0.6rem 0.9rem; margin-bottom: 0.5rem; border: 1px solid var(--line); border-radius: var(--radius); cursor: pointer; }
.pick input { width: 1.25rem; height: 1.25rem; flex: none; accent-color: var(--act); }
.pick span span { display: block; color: var(--soft); font-size: 0.925rem; }
.acts { display: flex; flex-direction: column; gap: 0.6rem; margin-top: 1.25rem; }
button, .act { display: inline-flex; align-items: center; justify-content: center; min-height: 2.75rem; padding: 0.5rem 1.1rem; border: 2px solid var(--act); border-radius: var(--radius); background: var(--act); color: var(--act-ink); font: inherit; font-weight: 650; text-align: center; text-decoration: none; cursor: pointer; }
button:hover, .act:hover { filter: brightness(0.92); }
button[disabled] { cursor: default; opacity: 0.6; }
.plain { background: transparent; color: var(--act); border-color: var(--line); }
.plain:hover { filter: none; border-color: var(--act); }
.x { flex: none; width: 2.75rem; padding: 0; border-color: transparent; background: transparent; color: var(--soft); font-size: 1.4rem; font-weight: 400; }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
.one { padding: 1rem 0; border-top: 1px solid var(--hair); }
.one:first-child { border-top: 0; padding-top: 0; }
.one p { margin-top: 0.35rem; }
.one .acts { flex-flow: row wrap; margin-top: 0.75rem; }
code { font-size: 0.9em; overflow-wrap: anywhere; }
@media (forced-colors: active) { button, .act { border-color: ButtonText; } }
`;

/** Dresses a shadow root. Constructed sheets need no leave of a Content-Security-Policy; older browsers need the nonce. */
export function dress(root: ShadowRoot, nonce: string | undefined): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = document.createElement("style");
    if (nonce) style.nonce = nonce;
    style.textContent = CSS;
    root.append(style);
  }
}

/** Sets the page's own colours on the element; by script, as a Content-Security-Policy allows it. */
export function colour(host: HTMLElement, theme: LinkTheme = {}): void {
  const { scheme = "auto", accent, accentInk, background, ink, radius, font } = theme;
  host.style.setProperty("color-scheme", scheme === "auto" ? "light dark" : scheme);
  const given = { accent, "accent-ink": accentInk, background, ink, radius, font };
  for (const [name, value] of Object.entries(given)) {
    if (value) host.style.setProperty(`--link-${name}`, value);
    else host.style.removeProperty(`--link-${name}`);
  }
}
