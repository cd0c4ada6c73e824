/** All fields of a record, whatever its type: objects inside it are indented, lists are numbered. */
import i18next from "i18next";
import { useTranslation } from "react-i18next";
import { wholeTime } from "../kit/format";
import { Money, words } from "./Value";

const MONEY = /^(amount|net|difference|available|pending|reserved|unitPrice|total(Amount|Refund|TaxAmount|Discount))$/;
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
/** The API's own words, which are parted for reading. */
const WORDS = /^(status|type|state)$/;

/** A field's name in the reader's language, for a dotted path that of its first part; one that the catalogue does not know keeps the API's name. */
export function fieldLabel(path: string): string {
  const name = path.split(".")[0] ?? path;
  return i18next.exists(`field.${name}`) ? i18next.t(`field.${name}` as "field.id") : name;
}

type Props = { value: object; currency?: string | undefined };

/** The fields of an object. Amounts take the currency that stands nearest above them. */
export function Fields({ value, currency }: Props) {
  const own = "currency" in value && typeof value.currency === "string" ? value.currency : currency;
  return (
    <dl className="flex flex-col">
      {Object.entries(value).map(([name, inner]) => (
        <div
          key={name}
          className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-x-4 border-t border-hair py-2 first:border-t-0"
        >
          <dt className="text-soft">{fieldLabel(name)}</dt>
          <Inner name={name} value={inner} currency={own} />
        </div>
      ))}
    </dl>
  );
}

function Inner({ name, value, currency }: { name: string; value: unknown; currency: string | undefined }) {
  if (Array.isArray(value) && value.some((one) => typeof one === "object")) {
    return (
      <dd className="col-span-2 mt-1 flex flex-col gap-2">
        {value.map((one, at) => (
          <div key={at} className="rounded-control border border-hair bg-raised px-3 py-1">
            <Fields value={one} currency={currency} />
          </div>
        ))}
      </dd>
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    return (
      <dd className="col-span-2 mt-1 rounded-control border border-hair bg-raised px-3 py-1">
        <Fields value={value} currency={currency} />
      </dd>
    );
  }
  return (
    <dd className="min-w-0 break-words">
      <Plain name={name} value={value} currency={currency} />
    </dd>
  );
}

function Plain({ name, value, currency }: { name: string; value: unknown; currency: string | undefined }) {
  const { t } = useTranslation();
  if (value === null || value === undefined || value === "") return <span className="text-soft">–</span>;
  if (Array.isArray(value))
    return value.length > 0 ? value.join(", ") : <span className="text-soft">{t("records.none")}</span>;
  if (typeof value === "object") return <span className="text-soft">{t("records.none")}</span>;
  if (typeof value === "boolean") return t(value ? "records.yes" : "records.no");
  if (typeof value === "number" && currency && MONEY.test(name)) return <Money value={value} currency={currency} />;
  const text = String(value);
  if (TIME.test(text)) return <time dateTime={text}>{wholeTime(text)}</time>;
  if (WORDS.test(name)) return words(text);
  if (name === "id" || name.endsWith("Id")) return <code className="font-mono text-sm break-all">{text}</code>;
  return text;
}
