//! SIGHUP: the files are read again, whether they look changed or not.

use super::application::Application;
use super::demo::{Demo, OPEN};
use super::served::Served;

#[test]
fn a_signal_swaps_the_policy_and_a_bad_one_is_refused() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(OPEN));
    let file = demo.folder.path().join("policy.toml");
    // Of the same length and age, so that only the signal tells.
    let swap = |text: &str| {
        let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
        let fresh = file.with_extension("fresh");
        std::fs::write(&fresh, text).unwrap();
        std::fs::File::options().write(true).open(&fresh).unwrap().set_modified(modified).unwrap();
        std::fs::rename(&fresh, &file).unwrap();
    };
    let asked = OPEN.replace("name = \"all\"\n", "mode = \"bad\"\n");
    let good = "[[route]]\nname=\"a\"\nask=\"always\"\nmatch=\"/**\"\n";
    let padded = |text: &str| format!("{text:<width$}", width = 60);
    let before = demo.revision();
    demo.write(&padded(OPEN));
    demo.until("the padding is loaded", |health| health["revision"] != before);
    let first = demo.revision();
    assert_eq!(demo.connect().get("/").status, 200);

    swap(&padded(good));
    demo.signal("HUP");
    demo.until("the policy is swapped", |health| health["revision"] != first);
    assert_eq!(demo.connect().get("/").status, 403);

    let second = demo.revision();
    swap(&padded(&asked));
    demo.signal("HUP");
    demo.until_said("configuration_refused");
    assert_eq!(demo.revision(), second, "what stood stays");
    assert_eq!(demo.connect().get("/").status, 403);
}

#[test]
fn a_file_that_somebody_is_writing_is_no_policy_alone() {
    let application = Application::start(|exchange| {
        exchange.answer("served");
        true
    });
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    let whole = std::fs::read_to_string(served.file()).unwrap();
    for half in ["", "[[route]]\nname = \"a\"\nmatch = \"/**\"\nask = \"always\"\n"] {
        std::fs::write(served.file(), half).unwrap();
        assert!(served.until_said("configuration_refused").contains("names no upstream"));
        assert_eq!(served.connect().get("/").text(), "served");
    }
    std::fs::write(served.file(), whole).unwrap();
    served.until_said("configuration_loaded");
    assert_eq!(served.connect().get("/").text(), "served");
}
