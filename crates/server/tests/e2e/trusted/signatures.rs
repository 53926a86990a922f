use super::signer::{Signer, now};
use super::{ask, start, story, told};
use crate::application::Application;

fn key_file(demo_folder: &tempfile::TempDir, signer: &Signer) -> String {
    let file = demo_folder.path().join("partner.jwks");
    std::fs::write(&file, signer.jwks()).unwrap();
    file.display().to_string()
}

#[test]
fn a_signed_request_passes_once_and_only_as_it_was_signed() {
    let (folder, signer) = (tempfile::tempdir().unwrap(), Signer::new(1));
    let file = key_file(&folder, &signer);
    let demo = start(&format!(
        "[[trusted]]\nname = \"partner\"\nproof = \"signature\"\nkeys = \"{file}\"\ngives = \"level\"\nlevel = \"medium\"\nmax_age = \"1m\"\n"
    ));
    let mut client = demo.connect();
    let parts = [("\"@method\"", "GET"), ("\"@authority\"", "shop.test"), ("\"@path\"", "/whoami")];
    let mut check = |parts: &[(&str, &str)], parameters: &str, status: u16| {
        let (input, signature) = signer.sign(parts, parameters);
        let fields = [("Signature-Input", input.as_str()), ("Signature", signature.as_str())];
        let answer = ask(&mut client, &fields);
        assert_eq!(answer.status, status, "{input}");
        if status == 200 {
            assert_eq!(told(&answer, "x-spigot-trusted").as_deref(), Some("partner"));
        }
    };
    let made = now();
    check(&parts, &format!(";created={made}"), 200);
    check(&parts, &format!(";created={made}"), 200);
    check(&parts, &format!(";created={made};nonce=\"a\""), 200);
    check(&parts, &format!(";created={made};nonce=\"a\""), 403);
    check(&parts, &format!(";created={made};nonce=\"b\""), 200);
    check(&parts, &format!(";created={}", made - 3600), 403);
    check(&parts, &format!(";created={}", made + 3600), 403);
    check(&parts, "", 403);
    check(&parts[..1], &format!(";created={made}"), 403);
    check(&[("\"@authority\"", "other.test")], &format!(";created={made}"), 403);
    let told = story(&demo, "invalid_proof");
    assert!(told.contains("invalid_proof (signal) adds 40"), "{told}");
    // A stranger's signature is nobody's here, and means nothing.
    let (input, signature) = Signer::new(2).sign(&parts, &format!(";created={made}"));
    let answer = ask(&mut client, &[("Signature-Input", &input), ("Signature", &signature)]);
    assert_eq!((answer.status, answer.header("x-captcha-reason")), (403, Some("sensitive_route")));
}

/// Shows its keys, signed as the draft has it; `keys` says whose at the moment.
fn directory(signer: Signer) -> Application {
    Application::start(move |exchange| {
        assert!(exchange.head[0].starts_with("GET /.well-known/http-message-signatures-directory "));
        let authority = exchange.field("host").unwrap().to_owned();
        let made = now();
        let parameters = format!(
            ";created={made};expires={};alg=\"ed25519\";tag=\"http-message-signatures-directory\"",
            made + 300
        );
        let (input, signature) = signer.sign(&[("\"@authority\";req", &authority)], &parameters);
        let body = signer.jwks();
        exchange.write(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/http-message-signatures-directory+json\r\nSignature-Input: {input}\r\nSignature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        true
    })
}

#[test]
fn an_agents_keys_come_from_its_directory() {
    let agent = directory(Signer::new(3));
    let origin = format!("http://{}", agent.address);
    let demo = start(&format!(
        "[[trusted]]\nname = \"assistant\"\nproof = \"signature\"\nagent = \"{origin}\"\ngives = \"pass\"\n"
    ));
    demo.until_said("directory_read");
    let mut client = demo.connect();
    let mut check =
        |signer: &Signer, named: &str, tag: &str, nonce: &str, covers_agent: bool, status: u16| {
            let named = format!("\"{named}\"");
            let mut parts = vec![("\"@authority\"", "shop.test")];
            if covers_agent {
                parts.push(("\"signature-agent\"", &named));
            }
            let made = now();
            let parameters = format!(";created={made};expires={};nonce=\"{nonce}\";tag=\"{tag}\"", made + 60);
            let (input, signature) = signer.sign(&parts, &parameters);
            let fields =
                [("Signature-Agent", named.as_str()), ("Signature-Input", &input), ("Signature", &signature)];
            let answer = ask(&mut client, &fields);
            assert_eq!(answer.status, status, "{named} {input}");
        };
    let (signer, other) = (Signer::new(3), Signer::new(4));
    check(&signer, &origin, "web-bot-auth", "a", true, 200);
    check(&signer, &origin, "web-bot-auth", "a", true, 403);
    check(&signer, &origin, "web-bot-auth", "b", false, 403);
    check(&signer, &origin, "something-else", "c", true, 403);
    check(&signer, "https://elsewhere.test", "web-bot-auth", "d", true, 403);
    check(&other, &origin, "web-bot-auth", "e", true, 403);
    check(&signer, &origin, "web-bot-auth", "f", true, 200);
    let told = story(&demo, "assistant");
    assert!(told.contains("assistant (trusted) softens"), "{told}");
    drop(agent);
}

#[test]
fn a_directory_of_others_keys_is_refused() {
    // It shows the keys of one, signed by another.
    let (shown, signer) = (Signer::new(5), Signer::new(6));
    let agent = Application::start(move |exchange| {
        let authority = exchange.field("host").unwrap().to_owned();
        let made = now();
        let parameters =
            format!(";created={made};expires={};tag=\"http-message-signatures-directory\"", made + 300);
        let (input, signature) = signer.sign(&[("\"@authority\";req", &authority)], &parameters);
        let body = shown.jwks();
        exchange.write(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/http-message-signatures-directory+json\r\nSignature-Input: {input}\r\nSignature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        true
    });
    let demo = start(&format!(
        "[[trusted]]\nname = \"assistant\"\nproof = \"signature\"\nagent = \"http://{}\"\ngives = \"pass\"\n",
        agent.address
    ));
    demo.until_said("directory_refused");
    assert!(demo.log().contains("none of its keys"), "{}", demo.log());
}

#[test]
fn what_is_wrong_with_the_configuration_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("spigot.toml");
    let check = |text: &str, said: &str| {
        let text = format!(
            "upstream = \"http://127.0.0.1:1\"\n[[trusted]]\nname = \"a\"\ngives = \"pass\"\n{text}\n"
        );
        std::fs::write(&file, text).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_spigot"))
            .arg("check")
            .arg(&file)
            .output()
            .unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && stdout.contains(said), "{said}: {stdout}");
    };
    check("", "[[trusted]] has no `proof`");
    check("proof = \"name\"", "write one of \"key\", \"signature\", \"certificate\" or \"token\"");
    check(
        "proof = \"key\"\nagent = \"https://a.example\"",
        "`agent` is for trusted clients with proof = \"signature\"",
    );
    check("proof = \"key\"\nheader = \"X Key\"", "write a header field's name");
    check("proof = \"signature\"", "nobody's keys are named");
    check("proof = \"signature\"\nkeys = \"/nowhere.jwks\"", "cannot be used");
    check("proof = \"signature\"\nagent = \"https://a.example\"\nmax_age = \"2d\"", "\"10s\" and \"24h\"");
    check("proof = \"certificate\"\ncertificate = \"partner\"", "is no name of a certificate");
    check("proof = \"token\"\nissuer = \"i\"\ntoken_key = \"AAAA\"", "it is no RSA key");
    check("proof = \"key\"\nkeyz = 1", "did you mean");
}
