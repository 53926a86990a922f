//! Lines of access logs in every format, and formats that an operator writes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spigot_accesslog::{Format, NAMES, Scratch};

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let (format, line) = match NAMES.get(usize::from(*choice)) {
        Some((name, _)) => (Format::from_name(name).expect("it is one of the names"), rest),
        None => {
            // An nginx log_format before the first line end, and a line behind it.
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let Ok(text) = std::str::from_utf8(&rest[..end]) else { return };
            let Ok(format) = Format::nginx(text) else { return };
            (format, rest.get(end + 1..).unwrap_or_default())
        }
    };
    if let Ok(record) = format.parse(line, &mut Scratch::default()) {
        // It is told apart from other lines by what it says, the same each time.
        let said = format!("{record:?}");
        let mut scratch = Scratch::default();
        assert_eq!(format.parse(line, &mut scratch).map(|record| format!("{record:?}")), Ok(said));
    }
    let _ = Format::detect([line]);
});
