use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, as HTTP writes it; made once a second.
pub(super) fn date() -> [u8; 29] {
    thread_local! {
        static LAST: Cell<(u64, [u8; 29])> = const { Cell::new((0, [b' '; 29])) };
    }
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (last, text) = LAST.get();
    if last == second && second != 0 {
        return text;
    }
    let mut text = [b' '; 29];
    let written = httpdate::fmt_http_date(now);
    if let Some(written) = written.as_bytes().first_chunk() {
        text = *written;
    }
    LAST.set((second, text));
    text
}
