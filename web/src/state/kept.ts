// Choices for the next visit, in the browser's storage. That may be forbidden: then they last as long
// as the page.

const here = new Map<string, string>();

const key = (name: string) => `tidemark.${name}`;

export function kept(name: string): string | null {
  const lasting = here.get(name);
  if (lasting !== undefined) return lasting;
  try {
    return localStorage.getItem(key(name));
  } catch {
    return null;
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(key(name), value);
    here.delete(name);
  } catch {
    here.set(name, value);
  }
}
