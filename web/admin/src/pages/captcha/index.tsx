// Security → CAPTCHA: what asks for challenges now, and the switch that forces one.

import { PageHead, Section } from "../../components/parts.js";
import { words } from "../../text.js";
import type en from "./en.json";
import { ForcedSection } from "./forced.js";
import { TriggersSection } from "./triggers.js";

const t = words<typeof en>("captcha");

export function CaptchaPage() {
  return (
    <>
      <PageHead title={t("title")} lead={t("lead")} />
      <ForcedSection />
      <Section title={t("triggers")} lead={t("triggers_lead")}>
        <TriggersSection />
      </Section>
    </>
  );
}
