// Answers kept with their ETags, so that one that didn't change isn't sent again.

interface Kept {
  etag: string;
  text: string;
}

export interface AnswersOptions {
  /** Answers kept. */
  entries: number;
  /** Characters of all of them together. */
  characters: number;
}

export const KEPT_ANSWERS: AnswersOptions = { entries: 200, characters: 8_000_000 };

/** The least recently used make room. Texts are kept rather than objects, so that nobody can
 *  change what another one is given. */
export class Answers {
  private readonly byUrl = new Map<string, Kept>();
  private characters = 0;

  constructor(private readonly options: AnswersOptions = KEPT_ANSWERS) {}

  get size(): number {
    return this.byUrl.size;
  }

  etag(url: string): string | undefined {
    return this.byUrl.get(url)?.etag;
  }

  text(url: string): string | undefined {
    const kept = this.byUrl.get(url);
    if (kept === undefined) return undefined;
    this.byUrl.delete(url);
    this.byUrl.set(url, kept);
    return kept.text;
  }

  keep(url: string, etag: string | null, text: string): void {
    this.forget(url);
    // One answer shouldn't push out all others.
    if (etag === null || text.length > this.options.characters / 4) return;
    this.byUrl.set(url, { etag, text });
    this.characters += text.length;
    for (const oldest of this.byUrl.keys()) {
      const full = this.byUrl.size > this.options.entries;
      if (!full && this.characters <= this.options.characters) return;
      this.forget(oldest);
    }
  }

  private forget(url: string): void {
    this.characters -= this.byUrl.get(url)?.text.length ?? 0;
    this.byUrl.delete(url);
  }
}
