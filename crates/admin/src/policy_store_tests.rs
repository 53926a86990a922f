use super::*;
use crate::{EntrySetting, ForcedSetting, ListName};

fn deny(prefix: &str, until: Option<i64>) -> Setting {
    Setting::List(EntrySetting { list: ListName::Deny, prefix: prefix.into(), until, note: "scraper".into() })
}

#[test]
fn changes_are_attributed_numbered_and_seen_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, two) =
        (PolicyStore::open(folder.path()).unwrap(), PolicyStore::open(folder.path()).unwrap());
    let before = two.version().unwrap();
    PolicyStore::open(folder.path()).unwrap().in_force(Millis(0)).unwrap();
    assert_eq!(two.version().unwrap(), before, "whoever only looks changes nothing");
    one.commit(deny("192.0.2.7/24", Some(1000)), "ada", Millis(0)).unwrap();
    assert_ne!(two.version().unwrap(), before, "another process sees that something changed");
    let operator = two.operator(Millis(999)).unwrap();
    assert!(operator.deny.find("192.0.2.200".parse().unwrap()).is_some());
    assert_eq!(operator.change, 1);
    assert!(two.in_force(Millis(1000)).unwrap().is_empty(), "it ends by itself");
    one.commit(deny("192.0.2.0/24", None), "bob", Millis(1)).unwrap();
    assert_eq!(two.in_force(Millis(2)).unwrap().len(), 1, "the same thing is replaced");
    assert!(one.remove("list deny 192.0.2.0/24", "ada", Millis(3)).unwrap().is_some());
    assert!(one.remove("list deny 192.0.2.0/24", "ada", Millis(4)).unwrap().is_none());
    let log: Vec<_> = two.changes(10).unwrap().into_iter().map(|c| (c.number, c.author)).collect();
    assert_eq!(log, [(3, "ada".into()), (2, "bob".into()), (1, "ada".into())]);
}

#[test]
fn nonsense_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PolicyStore::open(folder.path()).unwrap();
    let mut check = |setting: Setting, expected: &str| {
        let error = store.commit(setting, "ada", Millis(0)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(deny("192.0.2", None), "no address or prefix");
    check(
        Setting::Force(ForcedSetting {
            endpoint: "login".into(),
            host: None,
            until: None,
            reason: String::new(),
        }),
        "first slash",
    );
    assert!(store.changes(10).unwrap().is_empty());
}

fn restricted(offender: &str, end: i64) -> Restricted {
    let strike = spigot_decision::policy::Strike { step: 2, start: Millis(5), end: Millis(end) };
    Restricted { offender: Offender::parse(offender).unwrap(), strike }
}

fn keeping(restrictions: &[(u64, Restricted)]) -> Changes {
    Changes { set: restrictions.to_vec(), ..Changes::default() }
}

#[test]
fn what_has_to_survive_survives() {
    let folder = tempfile::tempdir().unwrap();
    let hours = [HourCount { route: "login".into(), hour: 400_000, count: 7 }];
    let restrictions = [
        (7, restricted("clearance-00000000000000ff behind 2001:db8::/64", 9)),
        (u64::MAX - 3, restricted("192.0.2.1", 9)),
    ];
    let changes = HourChanges { set: hours.to_vec(), removed: Vec::new() };
    PolicyStore::open(folder.path()).unwrap().keep(&changes, &keeping(&restrictions)).unwrap();
    let (kept_hours, mut kept) = PolicyStore::open(folder.path()).unwrap().kept().unwrap();
    kept.sort_by_key(|(key, _)| *key);
    assert_eq!((kept_hours, kept), (hours.to_vec(), restrictions.to_vec()));
    let removed = HourChanges { set: Vec::new(), removed: vec![("login".into(), 400_000)] };
    let everything = Changes { everything: true, ..keeping(&restrictions[1..]) };
    PolicyStore::open(folder.path()).unwrap().keep(&removed, &everything).unwrap();
    let left = PolicyStore::open(folder.path()).unwrap().kept().unwrap();
    assert_eq!(left, (Vec::new(), restrictions[1..].to_vec()));
}

#[test]
fn an_order_to_lift_is_attributed_and_found_by_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PolicyStore::open(folder.path()).unwrap();
    let server = PolicyStore::open(folder.path()).unwrap();
    let cleared = "clearance-00000000000000ff behind 192.0.2.1";
    let set = [
        (1, restricted("192.0.2.1", 900)),
        (2, restricted(cleared, 900)),
        (3, restricted("192.0.2.2", 900)),
        (4, restricted("192.0.2.3", 50)),
    ];
    store.keep(&HourChanges::default(), &keeping(&set)).unwrap();
    let mut lift = |subject: &str| store.lift(subject, "called support", "ada", Millis(100)).unwrap();
    assert!(lift("198.51.100.1").is_none());
    assert!(lift("192.0.2.3").is_none(), "it has ended");
    let one = lift("clearance-00000000000000ff").unwrap();
    assert_eq!((one.by_hand, one.automatic.len(), one.change.author.as_str()), (false, 1, "ada"));
    assert_eq!(lift("192.0.2.0/30").unwrap().automatic.len(), 2);
    let whom: Vec<_> = server.lifts_since(0).unwrap().iter().map(|lift| lift.whom.to_string()).collect();
    assert_eq!(whom, ["clearance-00000000000000ff", "192.0.2.0/30"]);
    assert_eq!(server.lifts_since(one.change.number).unwrap().len(), 1);
    assert!(server.kept().unwrap().1.is_empty());
    let said = server.changes(1).unwrap().remove(0);
    let reason = LiftSetting { subject: "192.0.2.0/30".into(), reason: "called support".into() };
    assert_eq!(said.setting, Some(Setting::Lift(reason)));
    assert!(store.lift("nobody", "", "ada", Millis(100)).unwrap_err().to_string().contains("is no address"));
}

#[test]
fn a_store_that_was_removed_is_said_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PolicyStore::open(folder.path()).unwrap();
    let (file, away) = (folder.path().join("settings.sqlite"), folder.path().join("away"));
    let nothing = (HourChanges::default(), Changes::default());
    store.keep(&nothing.0, &nothing.1).unwrap();
    std::fs::rename(&file, &away).unwrap();
    for _ in 0..2 {
        let error = store.keep(&nothing.0, &nothing.1).unwrap_err().to_string();
        assert!(error.contains("removed or replaced") && error.contains("restart"), "{error}");
        // The second time another file stands there.
        std::fs::write(&file, "").unwrap();
    }
    std::fs::rename(&away, &file).unwrap();
    store.keep(&nothing.0, &nothing.1).unwrap();
}

#[test]
fn a_full_disk_is_said_and_nothing_is_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = PolicyStore::open(folder.path()).unwrap();
    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.connection.pragma_update(None, "max_page_count", pages).unwrap();
    let restrictions: Vec<_> = (0..1000).map(|key| (key, restricted("192.0.2.1", 9))).collect();
    let error = store.keep(&HourChanges::default(), &keeping(&restrictions)).unwrap_err().to_string();
    assert!(error.contains("full") && error.contains("free space"), "{error}");
    assert!(store.kept().unwrap().1.is_empty());
    store.connection.pragma_update(None, "max_page_count", pages + 1000).unwrap();
    store.keep(&HourChanges::default(), &keeping(&restrictions)).unwrap();
    assert_eq!(store.kept().unwrap().1.len(), 1000);
}
