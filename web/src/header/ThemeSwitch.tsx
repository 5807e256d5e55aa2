import { Icon } from "../parts/Icon";
import { Switch } from "../parts/Switch";
import { THEMES, useTheme, type Theme } from "../state/theme";

const WORDS: Record<Theme, string> = { auto: "As the system", light: "Light", dark: "Dark" };

export function ThemeSwitch() {
  const [theme, setTheme] = useTheme();
  const choices = THEMES.map((value) => ({
    value,
    title: WORDS[value],
    label: (
      <>
        <Icon name={value} />
        <span className="hidden">{WORDS[value]}</span>
      </>
    ),
  }));
  return <Switch name="theme" legend="Theme" choices={choices} value={theme} onChange={setTheme} />;
}
