use super::super::Config;
use super::*;

/// The secret of every test: a file, because the environment belongs to the whole process.
fn secret(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    (folder, file)
}

fn parse(text: &str, of_secret: &str) -> Result<Vec<Arc<Provider>>, Vec<String>> {
    let (_folder, file) = secret(of_secret);
    let text = text.replace("SECRET", &format!("secret = {{ file = '{file}' }}"));
    match Config::parse("spigot.toml", &format!("upstream = \"127.0.0.1:1\"\n{text}")) {
        Ok(config) => Ok(config.server.providers),
        Err(problems) => {
            assert!(!problems.to_string().contains("a-real-secret"), "{problems}");
            let said = problems.problems.iter();
            Err(said.map(|problem| format!("{} = {}", problem.message, problem.help)).collect())
        }
    }
}

#[test]
fn each_kind_in_a_few_lines() {
    for (kind, more) in [
        ("turnstile", ""),
        ("hcaptcha", ""),
        ("recaptcha", ""),
        ("recaptcha_v3", ""),
        ("recaptcha_enterprise", "project = \"p\""),
        ("friendly", "script = \"/assets/frc.js\""),
        ("captchala", "script = \"https://cdn.example/loader.js\""),
        ("geetest", ""),
        ("altcha", "script = \"/assets/altcha.js\"\nversion = 1"),
    ] {
        let text = format!(
            "[[provider]]\nname = \"it\"\nkind = \"{kind}\"\nsite_key = \"k\"\nSECRET\nbase = \"https://127.0.0.1\"\n{more}"
        );
        let text = if kind == "altcha" { text.replace("base = \"https://127.0.0.1\"\n", "") } else { text };
        let found = parse(&text, "a-real-secret\n").unwrap_or_else(|said| panic!("{kind}: {said:?}"));
        let settings = &found[0].settings;
        assert_eq!((settings.kind.name(), settings.fail == Fail::Closed), (kind, true));
        assert_eq!(settings.secret, Hidden::new("a-real-secret".to_owned()));
        assert!(!settings.send_address && settings.check_host && !settings.believe_browser, "{kind}");
        assert_eq!(settings.risk_max.is_some(), kind.starts_with("recaptcha_"), "{kind}");
        assert!(!format!("{settings:?}").contains("a-real-secret"), "{kind}");
    }
}

#[test]
fn what_is_wrong_is_said_and_never_the_secret() {
    const BASE: &str = "[[provider]]\nname = \"it\"\nkind = \"turnstile\"\nsite_key = \"k\"\nSECRET\n";
    let check = |text: &str, secret: &str, expected: &[&str]| {
        let said = parse(text, secret).expect_err(text);
        assert_eq!(said.len(), expected.len(), "{text}: {said:?}");
        for (said, part) in said.iter().zip(expected) {
            assert!(said.contains(part), "{text}: {said:?} lacks {part:?}");
        }
    };
    let with = |more: &str| format!("{BASE}{more}");
    check(&BASE.replace("turnstile", "turnstyle"), "a-real-secret", &["did you mean \"turnstile\""]);
    check(&BASE.replace("site_key = \"k\"\n", ""), "a-real-secret", &["[[provider]] has no `site_key`"]);
    check(&BASE.replace("SECRET\n", ""), "a-real-secret", &["[[provider]] has no `secret`"]);
    for secret in ["\"a-real-secret\"", "{ value = \"a-real-secret\" }", "[\"a-real-secret\"]"] {
        check(&BASE.replace("SECRET", &format!("secret = {secret}")), "", &["perhaps one itself"]);
    }
    check(&BASE.replace("SECRET", "secret = { env = \"SPIGOT_NO_SUCH\" }"), "", &["the environment has no"]);
    check(&BASE.replace("SECRET", "secret = { file = \"/no/such\" }"), "", &["cannot be read"]);
    check(&BASE.replace("SECRET", "secret = {}"), "", &["a secret comes from one place"]);
    check(BASE, " \n", &["there is nothing in"]);
    check(&with("base = \"https://vendor.example/v0\""), "a-real-secret", &["is no upstream"]);
    check(&with("deadline = \"2m\""), "a-real-secret", &["write between \"100ms\" and \"30s\""]);
    check(&with("action = \"log-in\""), "a-real-secret", &["use letters, digits and _"]);
    check(&with("script = \"//evil.example/x.js\""), "a-real-secret", &["is no address"]);
    check(&with("script = \"https://x.example/a;script-src *\""), "a-real-secret", &["is no address"]);
    check(&with("fail = \"hcaptcha\""), "a-real-secret", &["what can take its place: it, own, closed"]);
    check(&with("fail = \"it\""), "a-real-secret", &["leads back to itself"]);
    check(&with("sitekey = \"k\""), "a-real-secret", &["did you mean \"site_key\""]);
    check(BASE, "2x0000000000000000000000000000000AA", &["test key"]);
    check(&BASE.replace("\"k\"", "\"1x00000000000000000000AA\""), "a-real-secret", &["test key"]);
    assert!(parse(&with("test_keys = true"), "2x0000000000000000000000000000000AA").is_ok());
    for (kind, secret) in [
        ("hcaptcha", "0x0000000000000000000000000000000000000000"),
        ("recaptcha", "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe"),
    ] {
        check(&BASE.replace("turnstile", kind), secret, &["test key"]);
    }
    let circle = format!(
        "{}fail = \"b\"\n{}fail = \"c\"\n{}fail = \"b\"\n",
        BASE.replace("\"it\"", "\"a\""),
        BASE.replace("\"it\"", "\"b\""),
        BASE.replace("\"it\"", "\"c\"")
    );
    check(&circle, "a-real-secret", &["`fail` of \"b\"", "`fail` of \"c\""]);
}

#[test]
fn the_documents_configurations_are_taken() {
    const PAGE: &str = include_str!("../../../../docs/providers.md");
    let (_folder, file) = secret("a-real-secret");
    let mut kinds = std::collections::BTreeSet::new();
    for block in PAGE.split("```toml\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let lines = block.lines().map(|line| match line.split_once("secret = {") {
            Some((before, _)) => format!("{before}secret = {{ file = '{file}' }}\n"),
            None => format!("{line}\n"),
        });
        let text: String = lines.collect();
        let upstream = if text.contains("upstream =") { "" } else { "upstream = \"127.0.0.1:1\"\n" };
        let config = Config::parse("providers.md", &format!("{upstream}{text}"));
        let config = config.unwrap_or_else(|problems| panic!("{problems}"));
        kinds.extend(config.server.providers.iter().map(|provider| provider.settings.kind.name()));
    }
    assert_eq!(kinds.len(), ProviderKind::ALL.len(), "{kinds:?}");
}
