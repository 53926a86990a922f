//! scratch
use std::sync::Arc;
use spigot_decision::policy;
use spigot_replay::*;
fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let text = std::fs::read_to_string(&a[0]).unwrap();
    let p = Arc::new(policy::load(&a[0], &text).unwrap());
    let o = Options { listed_max: 100000, ..Options::default() };
    for f in &a[1..] {
        let r = replay(p.clone(), vec![Log::Path(f.into())], &o, &mut |_| ()).unwrap();
        let an: u64 = r.reasons.iter().filter(|x| x.name == "traffic_anomaly").map(|x| x.stopped).sum();
        let anc = r.reasons.iter().filter(|x| x.name == "traffic_anomaly").map(|x| x.clients).sum::<u64>();
        println!("## {} stopped clients {} of {} ; anomaly stopped {} requests, {} clients", f.rsplit('/').next().unwrap(), r.clients_stopped, r.clients, an, anc);
        if std::env::var_os("Q").is_none() { for s in &r.subjects { println!("{} {}/{} first #{} {} #{} {:?} by {} {:?}", s.address, s.stopped, s.requests, s.first_request, s.route, s.first_request_on_route, s.treatment, s.by, s.because_of); } }
    }
}
