/** What forms share: values checked by a schema, and the server's word shown at its field. */
import { zodResolver } from "@hookform/resolvers/zod";
import { t } from "i18next";
import {
  type DefaultValues,
  type FieldValues,
  type Path,
  type UseFormReturn,
  useController,
  useForm as useHookForm,
} from "react-hook-form";
import { z } from "zod";
import { problemOf } from "../api/problem";

/** A form of a schema whose input and output are the same. */
export function useForm<T extends FieldValues>(schema: z.ZodType<T, T>, defaultValues: DefaultValues<T>) {
  return useHookForm<T>({
    resolver: zodResolver(schema),
    defaultValues,
    mode: "onTouched",
    reValidateMode: "onChange",
  });
}

/** One text field of a form, in the shape that `TextField` takes. */
export function useText<T extends FieldValues>(form: UseFormReturn<T>, name: Path<T>) {
  const { field, fieldState } = useController({ control: form.control, name });
  return {
    name,
    value: String(field.value ?? ""),
    onChange: field.onChange as (value: string) => void,
    onBlur: field.onBlur,
    inputRef: field.ref,
    error: fieldState.error?.message,
  };
}

function named<T extends FieldValues>(form: UseFormReturn<T>, error: unknown) {
  const known = Object.keys(form.getValues());
  return Object.entries(problemOf(error).fields).filter(([field]) => known.includes(field));
}

/** Whether what the server said is told at fields of the form, so that it need not be told above it too. */
export const isPlaced = <T extends FieldValues>(form: UseFormReturn<T>, error: unknown) =>
  named(form, error).length > 0;

/** Puts what the server said of single fields there, the first with the focus. */
export function refuse<T extends FieldValues>(form: UseFormReturn<T>, error: unknown) {
  named(form, error).forEach(([field, message], at) => {
    form.setError(field as Path<T>, { type: "server", message }, { shouldFocus: at === 0 });
  });
}

/** A text that must be there. The words are looked up when they are needed: schemas are made before the texts are. */
export const required = () => z.string().refine((text) => text.trim() !== "", { error: () => t("form.required") });

/** An email address, as loosely as browsers take one. */
export const email = () => required().refine((text) => /^\S+@\S+$/.test(text.trim()), { error: () => t("form.email") });
