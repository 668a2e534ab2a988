// How does the dashboard look? Mantine's parts, smaller and calmer, in colours whose contrast is enough in both themes.
import { type CSSVariablesResolver, createTheme } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "sm",
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', 'Liberation Mono', monospace",
  headings: { sizes: { h1: { fontSize: "1.125rem" }, h2: { fontSize: "0.9375rem" }, h3: { fontSize: "0.875rem" } } },
  components: {
    Button: { defaultProps: { size: "xs" } },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", comboboxProps: { transitionProps: { duration: 0 } } } },
    MultiSelect: { defaultProps: { size: "xs" } },
    Autocomplete: { defaultProps: { size: "xs" } },
    TagsInput: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Text: { defaultProps: { size: "sm" } },
    Anchor: { defaultProps: { size: "sm" } },
    Table: { defaultProps: { verticalSpacing: 6, fz: "sm" } },
    Modal: {
      defaultProps: { closeButtonProps: { "aria-label": "Close" }, centered: true, transitionProps: { duration: 0 } },
    },
    Menu: { defaultProps: { transitionProps: { duration: 0 } } },
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 0 } } },
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#545b62",
    "--mantine-color-placeholder": "#6b7278",
    "--mantine-color-error": "#b42318",
    "--mantine-color-body": "#fbfbfc",
    "--mantine-color-anchor": "#1560a8",
  },
  dark: {
    "--mantine-color-dimmed": "#a3a9b0",
    "--mantine-color-placeholder": "#8f959c",
    "--mantine-color-error": "#ff8787",
    "--mantine-color-body": "#16181b",
    "--mantine-color-anchor": "#74c0fc",
  },
});
