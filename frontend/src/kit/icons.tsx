/** The icons, drawn on one grid; they never stand alone: a word or a label is beside each. */
import type { ReactNode } from "react";

function Icon({ children, className = "size-4" }: { children: ReactNode; className?: string | undefined }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

type Props = { className?: string };

export const CheckIcon = (props: Props) => (
  <Icon {...props}>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
);
export const CrossIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M6 6l12 12M18 6 6 18" />
  </Icon>
);
export const ClockIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.5V12l3 2" />
  </Icon>
);
export const WarnIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M12 4 2.8 20h18.4L12 4Zm0 6v4.5M12 17.4v.1" />
  </Icon>
);
export const PauseIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M9 6v12M15 6v12" />
  </Icon>
);
export const PlusIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M12 5v14M5 12h14" />
  </Icon>
);
export const CopyIcon = (props: Props) => (
  <Icon {...props}>
    <rect x="9" y="9" width="11" height="11" rx="2" />
    <path d="M5.5 15H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v.5" />
  </Icon>
);
export const SearchIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="10.5" cy="10.5" r="6" />
    <path d="m15.5 15.5 4.5 4.5" />
  </Icon>
);
export const SyncIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M20 11a8 8 0 0 0-14.3-4L4 9m0-4.5V9h4.5M4 13a8 8 0 0 0 14.3 4L20 15m0 4.5V15h-4.5" />
  </Icon>
);
export const LinkIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M9.5 14.5 14.5 9.5M11 6.5l2-2a4.2 4.2 0 0 1 6 6l-2 2M13 17.5l-2 2a4.2 4.2 0 0 1-6-6l2-2" />
  </Icon>
);
export const UnlinkIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M11 6.5l2-2a4.2 4.2 0 0 1 6 6l-2 2M13 17.5l-2 2a4.2 4.2 0 0 1-6-6l2-2M4 4l16 16" />
  </Icon>
);
export const BackIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M14.5 6 8.5 12l6 6" />
  </Icon>
);
export const NextIcon = (props: Props) => (
  <Icon {...props}>
    <path d="m9.5 6 6 6-6 6" />
  </Icon>
);
export const UpIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M12 18V6m-5 5 5-5 5 5" />
  </Icon>
);
export const DownIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M12 6v12m-5-5 5 5 5-5" />
  </Icon>
);
export const CompanyIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M4 20V9l2-5h12l2 5v11H4Zm0-11h16M9 20v-6h6v6" />
  </Icon>
);
export const PlugIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M9 4v4M15 4v4M6 8h12v3a6 6 0 0 1-12 0V8Zm6 9v4" />
  </Icon>
);
export const KeyIcon = (props: Props) => (
  <Icon {...props}>
    <circle cx="8" cy="15" r="4" />
    <path d="m11 12 8-8m-4 4 3 3" />
  </Icon>
);
export const OutIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M10 4H5v16h5M15 8l4 4-4 4M19 12H9" />
  </Icon>
);
export const TrashIcon = (props: Props) => (
  <Icon {...props}>
    <path d="M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5" />
  </Icon>
);

/** The mark of the Link pages. */
export function Mark({ className = "size-6" }: Props) {
  return (
    <svg viewBox="0 0 24 24" className={`shrink-0 text-act ${className}`} aria-hidden="true">
      <circle
        cx="12"
        cy="12"
        r="8.8"
        fill="none"
        stroke="currentColor"
        strokeWidth="6.4"
        strokeDasharray="41.5 13.8"
        transform="rotate(0 12 12)"
      />
    </svg>
  );
}
