/** Form fields: a label, a control, help, and the error beside it. */
import type { ReactNode, Ref } from "react";
import {
  Switch as AriaSwitch,
  TextField as AriaTextField,
  FieldError,
  Input,
  Label,
  Radio,
  RadioGroup,
  Text,
} from "react-aria-components";

const INPUT =
  "w-full min-h-10 rounded-control border border-line bg-sheet px-3 text-ink data-[invalid]:border-bad data-[invalid]:bg-bad-tint/40 disabled:opacity-60";

type TextProps = {
  label: string;
  name: string;
  value: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
  inputRef?: Ref<HTMLInputElement>;
  help?: ReactNode;
  error?: string | undefined;
  type?: "text" | "email" | "password";
  autoComplete?: string;
  placeholder?: string;
  required?: boolean;
  mono?: boolean;
  autoFocus?: boolean;
};

/** One line of text. */
export function TextField(props: TextProps) {
  const { label, help, error, inputRef, placeholder, mono, required, autoComplete = "off", ...rest } = props;
  return (
    <AriaTextField
      {...rest}
      autoComplete={autoComplete}
      isInvalid={Boolean(error)}
      isRequired={required ?? false}
      validationBehavior="aria"
      className="flex flex-col gap-1.5"
    >
      <Label className="font-semibold">{label}</Label>
      <Input
        {...(inputRef ? { ref: inputRef } : {})}
        {...(placeholder ? { placeholder } : {})}
        spellCheck={false}
        className={`${INPUT} ${mono ? "font-mono text-sm" : ""}`}
      />
      <FieldError className="text-sm font-medium text-bad">{error}</FieldError>
      {help && (
        <Text slot="description" className="text-sm text-soft">
          {help}
        </Text>
      )}
    </AriaTextField>
  );
}

type Choice<T extends string> = { value: T; label: string; help?: string };
type ChoiceProps<T extends string> = {
  label: string;
  value: T;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
  error?: string | undefined;
};

/** One of a few, all visible. */
export function Choices<T extends string>({ label, value, choices, onChange, error }: ChoiceProps<T>) {
  return (
    <RadioGroup
      value={value}
      onChange={(next) => onChange(next as T)}
      isInvalid={Boolean(error)}
      validationBehavior="aria"
      className="flex flex-col gap-2"
    >
      <Label className="font-semibold">{label}</Label>
      <div className="flex flex-col gap-2">
        {choices.map((choice) => (
          <Radio
            key={choice.value}
            value={choice.value}
            className="group flex cursor-pointer items-start gap-3 rounded-control border border-line/60 bg-sheet px-3 py-2.5 hover:border-line data-[focus-visible]:outline-3 data-[focus-visible]:outline-offset-2 data-[focus-visible]:outline-act data-[selected]:border-act data-[selected]:bg-act-tint/50"
          >
            <span className="mt-0.5 flex size-[1.125rem] shrink-0 rounded-full border-2 border-line bg-sheet group-data-[selected]:border-[0.35rem] group-data-[selected]:border-act" />
            <span>
              <span className="block font-medium">{choice.label}</span>
              {choice.help && <span className="block text-sm text-soft">{choice.help}</span>}
            </span>
          </Radio>
        ))}
      </div>
      <FieldError className="text-sm font-medium text-bad">{error}</FieldError>
    </RadioGroup>
  );
}

type SelectProps<T extends string> = ChoiceProps<T> & { help?: string };

/** One of many, in the browser's own list: it is at home on phones. */
export function Select<T extends string>({ label, value, choices, onChange, help }: SelectProps<T>) {
  return (
    <label className="flex flex-col gap-1.5">
      <span className="font-semibold">{label}</span>
      <select
        className={`${INPUT} cursor-pointer`}
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
      {help && <span className="text-sm text-soft">{help}</span>}
    </label>
  );
}

type SwitchProps = { label: string; on: boolean; onChange: (on: boolean) => void; disabled?: boolean };

/** On or off, at once. */
export function Switch({ label, on, onChange, disabled = false }: SwitchProps) {
  return (
    <AriaSwitch
      isSelected={on}
      onChange={onChange}
      isDisabled={disabled}
      aria-label={label}
      className="group inline-flex min-h-8 cursor-pointer items-center rounded-full data-[disabled]:cursor-default data-[disabled]:opacity-50 data-[focus-visible]:outline-3 data-[focus-visible]:outline-offset-2 data-[focus-visible]:outline-act"
    >
      <span className="flex h-6 w-11 items-center rounded-full border border-line bg-still-tint p-0.5 motion-safe:transition-colors group-data-[selected]:border-act group-data-[selected]:bg-act">
        <span className="size-[1.125rem] rounded-full border border-line bg-sheet motion-safe:transition-transform group-data-[selected]:translate-x-5 group-data-[selected]:border-sheet" />
      </span>
    </AriaSwitch>
  );
}
