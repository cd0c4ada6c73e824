// The steps of a journey, told and counted as they are taken.

export class Steps {
  passed = 0;
  failed = 0;
  skipped = 0;

  step = async (name, body) => {
    try {
      await body();
      this.passed += 1;
      console.log(`ok      ${name}`);
    } catch (error) {
      this.fail(name, error);
    }
  };

  fail(name, error) {
    this.failed += 1;
    console.log(`FAILED  ${name}\n        ${String(error?.stack ?? error).replaceAll("\n", "\n        ")}`);
  }

  told() {
    return `${this.passed} passed, ${this.failed} failed${this.skipped > 0 ? `, ${this.skipped} not tried` : ""}`;
  }
}
