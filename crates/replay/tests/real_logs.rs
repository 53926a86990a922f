//! The shipped default policy over real logs. The data is no part of the project: where the folder is absent, each
//! test says that it was skipped.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use spigot_decision::policy::{self, Policy};
use spigot_replay::{Judged, Log, Options, Report, replay_each};

const LOGS_WITH_LOGIN_LABELS: [&str; 2] = ["blog-2012-03", "joomla-2019-10"];

/// At most so many of a thousand other addresses are stopped at all.
const OTHERS_STOPPED_PER_MILLE: usize = 1;

/// The shared data's folder, or a loud skip.
fn data() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} is absent, so nothing was measured", folder.display());
    None
}

fn default_policy() -> Arc<Policy> {
    Arc::new(policy::load("default.toml", policy::DEFAULT).expect("the shipped policy is valid"))
}

fn run(log: PathBuf, each: &mut dyn FnMut(&Judged<'_>)) -> Report {
    let options = Options { listed_max: 100_000, ..Options::default() };
    replay_each(default_policy(), vec![Log::Path(log)], &options, &mut |_| (), each)
        .expect("the log can be read")
}

fn access_log(name: &str) -> Option<PathBuf> {
    data().map(|folder| folder.join("access-logs").join(format!("{name}.log.gz")))
}

/// Addresses with the label `bruteforce`, by log.
fn brute_forcers() -> Option<HashMap<String, HashSet<String>>> {
    let text = std::fs::read_to_string(data()?.join("labels/login-bruteforce.csv")).expect("labels");
    let mut found: HashMap<String, HashSet<String>> = HashMap::new();
    for line in text.lines().filter(|line| line.ends_with(",bruteforce")) {
        let mut fields = line.split(',');
        let log = fields.next().expect("a log");
        let address = fields.next().expect("an address");
        found.entry(log.to_owned()).or_default().insert(address.to_owned());
    }
    Some(found)
}

/// A log-in POST as the labels count them: to the log-in pages of these two logs' applications.
fn is_login_post(judged: &Judged<'_>) -> bool {
    judged.method == "POST"
        && (judged.path.ends_with("/wp-login.php")
            || judged.path.trim_end_matches('/').ends_with("/administrator")
            || judged.path.ends_with("/administrator/index.php"))
}

#[test]
fn every_brute_forcer_is_stopped_by_its_tenth_login_post() {
    let Some(labels) = brute_forcers() else { return };
    let mut seen = 0;
    for (log, addresses) in &labels {
        let mut posts: HashMap<String, u32> = HashMap::new();
        let mut stopped_at: HashMap<String, (u32, String)> = HashMap::new();
        let policy = default_policy();
        run(access_log(log).unwrap(), &mut |judged| {
            let address = judged.client.to_string();
            if is_login_post(judged) && addresses.contains(&address) {
                let post = posts.entry(address.clone()).or_default();
                *post += 1;
                if judged.treatment.stops() && !stopped_at.contains_key(&address) {
                    let by = policy.source_name(judged.stopped_by.unwrap()).to_owned();
                    stopped_at.insert(address, (*post, by));
                }
            }
        });
        for address in addresses {
            let (post, by) = stopped_at.get(address).unwrap_or_else(|| panic!("{address} was never stopped"));
            println!("{log}: {address} of {} log-in POSTs stopped at {post} by {by}", posts[address]);
            assert!(*post <= 10, "{log}: {address} was first stopped at log-in POST {post}, by {by}");
            seen += 1;
        }
    }
    assert_eq!(seen, 5, "the labels name five");
}

#[test]
fn hardly_any_other_address_is_stopped() {
    let Some(labels) = brute_forcers() else { return };
    let (mut others, mut stopped) = (0, Vec::new());
    for log in LOGS_WITH_LOGIN_LABELS {
        let brute = &labels[log];
        let report = run(access_log(log).unwrap(), &mut |_| ());
        // Only addresses that sent a request: the stricter way to count.
        others += usize::try_from(report.clients).unwrap() - brute.len();
        stopped.extend(report.subjects.into_iter().filter(|subject| !brute.contains(&subject.address)));
    }
    for subject in &stopped {
        println!(
            "{}: {} of {} by {} {:?}",
            subject.address, subject.stopped, subject.requests, subject.by, subject.because_of
        );
    }
    println!("{} of {others} other addresses were stopped", stopped.len());
    assert!(stopped.len() * 1000 <= others * OTHERS_STOPPED_PER_MILLE, "{} of {others}", stopped.len());
}

#[test]
fn a_flood_is_contained_within_five_seconds() {
    /// From so many requests in the log on an address counts as flooding.
    const FLOODS: u32 = 50;
    let Some(log) = access_log("flood-2023") else { return };
    let mut requests: HashMap<String, (u32, bool)> = HashMap::new();
    let (mut first, mut after) = (None, 0);
    let report = run(log, &mut |judged| {
        let start = *first.get_or_insert(judged.at);
        let (count, stopped) = requests.entry(judged.client.to_string()).or_default();
        *count += 1;
        *stopped = judged.treatment.stops();
        after += u32::from(judged.at.since(start) >= 5000 && !judged.treatment.stops());
    });
    assert_eq!(after, 0, "passed from the fifth second on");
    let flooders: Vec<_> = requests.iter().filter(|(_, (count, _))| *count >= FLOODS).collect();
    assert_eq!(flooders.len(), 3);
    for (address, (count, stopped)) in flooders {
        assert!(*stopped, "{address}: the last of {count} requests passed");
    }
    let passed = report.requests - report.treatments.stopped();
    println!("{passed} of {} passed", report.requests);
}

#[test]
fn other_logs_of_people_are_left_alone() {
    // A large shop in which a crawler and a script go far beyond 500 requests in 20 minutes; and a quiet site.
    for (name, by) in [("shop-2019-01", &["high_frequency"][..]), ("semicomplete-2015-05", &[])] {
        let Some(log) = access_log(name) else { return };
        let report = run(log, &mut |_| ());
        for subject in &report.subjects {
            assert!(by.contains(&subject.by.as_str()), "{name}: {subject:?}");
        }
    }
}

#[test]
fn one_file_and_its_rotations_give_the_same_report() {
    let Some(log) = access_log("joomla-2019-10") else { return };
    let mut lines = spigot_accesslog::Lines::open(&log).unwrap();
    let mut text = Vec::new();
    while let Some(line) = lines.next_line().unwrap() {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("rotations");
    std::fs::create_dir_all(&folder).unwrap();
    let cut = |at: usize| at + text[at..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let cuts = [0, cut(text.len() / 3), cut(text.len() / 2), text.len()];
    let mut parts = Vec::new();
    for (part, range) in cuts.windows(2).enumerate() {
        let path = folder.join(format!("access.log.{}", 3 - part));
        std::fs::write(&path, &text[range[0]..range[1]]).unwrap();
        parts.push(path);
    }
    let report = |logs: Vec<Log>| {
        let report =
            replay_each(default_policy(), logs, &Options::default(), &mut |_| (), &mut |_| ()).unwrap();
        serde_json::to_string(&report).unwrap()
    };
    let whole = report(vec![Log::Path(log)]);
    // The log is not in order, so the order of the parts is that of their first lines, whatever they are called.
    let split = report(parts.into_iter().map(Log::Path).collect());
    let first_reader = report(vec![Log::Reader(Box::new(std::io::Cursor::new(text)))]);
    assert_eq!(whole, first_reader);
    assert_eq!(whole, split);
}
