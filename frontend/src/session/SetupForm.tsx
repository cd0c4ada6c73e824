/** Making the first login, with the token that the server printed. */
import { useMutation } from "@tanstack/react-query";
import { t as text } from "i18next";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { queryClient } from "../api/queries";
import { Button } from "../kit/button";
import { TextField } from "../kit/field";
import { email, isPlaced, refuse, required, useForm, useText } from "../kit/form";
import { ProblemNote } from "../kit/problem";
import { CardHead } from "./LoginPage";
import { Refused, sessionQuery, setUp } from "./session";

const PASSWORD_LENGTH = 12;

const Setup = z.object({
  token: required(),
  email: email(),
  password: required().refine((word) => [...word].length >= PASSWORD_LENGTH, {
    error: () => text("form.passwordShort"),
  }),
});

/** The form. */
export function SetupForm() {
  const { t } = useTranslation();
  const form = useForm(Setup, { token: "", email: "", password: "" });
  const make = useMutation({
    mutationFn: ({ token, email, password }: z.infer<typeof Setup>) =>
      setUp({ token: token.trim(), email: email.trim(), password }),
    onError: (error) => {
      if (!(error instanceof Refused)) return;
      if (error.status === 401) form.setError("token", { message: t("setup.wrongToken") }, { shouldFocus: true });
      // Somebody was faster: the login form takes this one's place.
      else if (error.status === 409) void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
      else refuse(form, error.body);
    },
  });
  const error = make.error instanceof Refused ? make.error.body : make.error;
  const tokenWrong = make.error instanceof Refused && make.error.status === 401;
  return (
    <>
      <CardHead title={t("setup.title")}>{t("setup.lead")}</CardHead>
      <form className="mt-6 flex flex-col gap-5" noValidate onSubmit={form.handleSubmit((body) => make.mutate(body))}>
        {make.error && !tokenWrong && !isPlaced(form, error) && <ProblemNote error={error} />}
        <TextField {...useText(form, "token")} label={t("setup.token")} help={t("setup.tokenHelp")} mono />
        <TextField {...useText(form, "email")} label={t("login.email")} type="email" autoComplete="username" />
        <TextField
          {...useText(form, "password")}
          label={t("login.password")}
          help={t("setup.passwordHelp")}
          type="password"
          autoComplete="new-password"
        />
        <Button type="submit" look="main" busy={make.isPending} className="mt-1 w-full">
          {t("setup.submit")}
        </Button>
      </form>
    </>
  );
}
