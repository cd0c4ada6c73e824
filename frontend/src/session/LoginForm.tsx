/** Signing in with email and password; password managers and pasting work. */
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { Button } from "../kit/button";
import { TextField } from "../kit/field";
import { email, required, useForm, useText } from "../kit/form";
import { ProblemNote } from "../kit/problem";
import { CardHead } from "./LoginPage";
import { Refused, signIn } from "./session";

const Login = z.object({ email: email(), password: required() });

/** The form. `returning`: somebody was sent here from a page that they will come back to. */
export function LoginForm({ returning }: { returning: boolean }) {
  const { t } = useTranslation();
  const form = useForm(Login, { email: "", password: "" });
  const enter = useMutation({
    mutationFn: (body: z.infer<typeof Login>) => signIn({ ...body, email: body.email.trim() }),
    onError: (error) => {
      if (error instanceof Refused && error.status === 401) form.setFocus("password");
    },
  });
  return (
    <>
      <CardHead title={t("login.title")}>{returning ? t("login.back") : undefined}</CardHead>
      <form className="mt-6 flex flex-col gap-5" noValidate onSubmit={form.handleSubmit((body) => enter.mutate(body))}>
        {enter.isError && <WhyNot error={enter.error} />}
        <TextField {...useText(form, "email")} label={t("login.email")} type="email" autoComplete="username" />
        <TextField
          {...useText(form, "password")}
          label={t("login.password")}
          type="password"
          autoComplete="current-password"
        />
        <Button type="submit" look="main" busy={enter.isPending} className="mt-1 w-full">
          {t("login.submit")}
        </Button>
      </form>
      <p className="mt-6 border-t border-hair pt-4 text-sm text-soft">
        {t("login.locked")} <code className="font-mono break-words">tributary user reset-password</code>
      </p>
    </>
  );
}

function WhyNot({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (!(error instanceof Refused)) return <ProblemNote error={error} />;
  const said =
    error.status === 401 ? t("login.wrong") : error.status === 429 ? tooMany(error.retryAfter ?? 60, t) : null;
  if (said === null) return <ProblemNote error={error.body} />;
  return (
    <p role="alert" className="rounded-control bg-bad-tint px-3 py-2.5 font-medium text-bad">
      {said}
    </p>
  );
}

function tooMany(seconds: number, t: ReturnType<typeof useTranslation>["t"]) {
  if (seconds <= 90) return t("login.tooMany", { count: seconds });
  return t("login.tooManyMinutes", { count: Math.ceil(seconds / 60) });
}
