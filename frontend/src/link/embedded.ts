/** The module that pages of other sites import, served as `/link/embedded.js`. Its types are in `declared.d.ts`, served beside it. */
import { Api } from "./api";
import { TributaryConnections } from "./connections";
import type * as Declared from "./declared";
import type { LinkProps } from "./declared";
import { Flow } from "./flow";

export class TributaryLink {
  #props: LinkProps;
  readonly #flow: Flow;

  constructor(made: { target?: Element; props: LinkProps }, base = new URL("..", import.meta.url)) {
    this.#props = made.props;
    const api = new Api(base, made.props.accessToken, made.props.companyId);
    this.#flow = new Flow(api, () => this.#props, made.target ?? document.body);
    void this.#flow.start();
  }

  $set(props: Partial<LinkProps>): void {
    this.#props = { ...this.#props, ...props };
    this.#flow.restyle();
  }

  $destroy(): void {
    this.#flow.destroy();
  }
}

export { TributaryConnections, TributaryLink as CodatLink };

// What is declared is what is here.
const _link: typeof Declared.TributaryLink = TributaryLink;
const _connections: typeof Declared.TributaryConnections = TributaryConnections;
void [_link, _connections];
