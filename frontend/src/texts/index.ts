/** All texts, from one catalogue; numbers and plurals by the language's rules. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en.json";

i18next.use(initReactI18next).init({
  lng: "en",
  fallbackLng: "en",
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false },
  // A text that is missing shows its key and is told, never an empty place.
  saveMissing: true,
  missingKeyHandler: (_languages, _namespace, key) => console.warn(`no text for ${key}`),
});

export default i18next;
