/** One value of a record, as people read it. */
import { useTranslation } from "react-i18next";
import { day, money, number, time, wholeTime } from "../kit/format";
import { Pill, type Tone } from "../kit/pill";
import { at, type Kind, type RecordOf } from "./lists";

const TONES: Record<string, Tone> = {
  Paid: "good",
  Active: "good",
  Published: "good",
  Won: "good",
  Pending: "note",
  InTransit: "busy",
  Authorized: "busy",
  Processing: "busy",
  InquiryProcessing: "busy",
  WaitingThirdParty: "busy",
  EvidenceRequired: "note",
  InquiryEvidenceRequired: "note",
  Failed: "bad",
  Lost: "bad",
};

/** `EvidenceRequired` becomes "Evidence required": the API's words, parted. */
export function words(value: string): string {
  const parted = value.replace(/([a-z])([A-Z])/g, (_, end: string, begin: string) => `${end} ${begin.toLowerCase()}`);
  return parted.replace(/_/g, " ");
}

/** A cell of a table. */
export function Cell({ record, path, kind }: { record: RecordOf; path: string; kind: Kind }) {
  const { t } = useTranslation();
  const value = at(record, path);
  if (value === null || value === undefined || value === "")
    return (
      <span className="text-soft" title={t("records.none")}>
        –
      </span>
    );
  switch (kind) {
    case "money":
      return <Money value={Number(value)} currency={String(record.currency ?? "")} />;
    case "date":
      return (
        <time className="whitespace-nowrap" dateTime={String(value)} title={wholeTime(String(value))}>
          {time(String(value))}
        </time>
      );
    case "day":
      return (
        <time className="whitespace-nowrap" dateTime={String(value)}>
          {day(String(value))}
        </time>
      );
    case "status":
      return <Pill tone={TONES[String(value)] ?? "still"}>{words(String(value))}</Pill>;
    case "word":
      return words(String(value));
    case "count":
      return Array.isArray(value) ? number(value.length) : String(value);
    case "id":
      return <code className="font-mono text-[0.8125rem] whitespace-nowrap text-soft">{shortened(String(value))}</code>;
    default:
      return String(value);
  }
}

/** An amount; a negative one has its sign. */
export function Money({ value, currency }: { value: number; currency: string }) {
  return <span className="whitespace-nowrap tabular-nums">{currency ? money(value, currency) : number(value)}</span>;
}

const ID_LENGTH = 20;

/** Long ids lose their middle in tables; the record has them whole. */
function shortened(id: string) {
  return id.length <= ID_LENGTH ? id : `${id.slice(0, 10)}…${id.slice(-6)}`;
}
