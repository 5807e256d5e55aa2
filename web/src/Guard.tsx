import { Component, type ReactNode } from "react";

interface Props {
  children: ReactNode;
}

interface State {
  failure: unknown;
}

/** Where drawing the page fails, says so: otherwise nothing at all would be left of it. */
export class Guard extends Component<Props, State> {
  override state: State = { failure: null };

  static getDerivedStateFromError(failure: unknown): State {
    return { failure };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return (
      <main className="guard">
        <h1>This page has failed</h1>
        <p role="alert">The stored events are not affected. The page’s error: {String(failure)}</p>
        <button type="button" className="primary" onClick={() => location.reload()}>
          Reload
        </button>
      </main>
    );
  }
}
