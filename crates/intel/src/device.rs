use spigot_decision::Device;

/// The device class with a name, as events hold it.
#[must_use]
pub fn device_named(name: &str) -> Option<&'static str> {
    Device::ALL.into_iter().map(Device::name).find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for device in Device::ALL {
            assert_eq!(device_named(device.name()), Some(device.name()));
        }
        assert_eq!(device_named("toaster"), None);
    }
}
