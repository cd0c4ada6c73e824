/** A bar for what is known to end. */
import { ProgressBar as AriaProgressBar } from "react-aria-components";

/** The bar; `value` goes from 0 to 100. */
export function Progress({ label, value, className = "" }: { label: string; value: number; className?: string }) {
  return (
    <AriaProgressBar aria-label={label} value={value} className={className}>
      {({ percentage }) => (
        <svg
          viewBox="0 0 100 4"
          preserveAspectRatio="none"
          className="block h-1.5 w-full overflow-hidden rounded-full"
          aria-hidden="true"
        >
          <rect width="100" height="4" className="fill-still-tint" />
          <rect width={percentage ?? 0} height="4" className="fill-act" />
        </svg>
      )}
    </AriaProgressBar>
  );
}
