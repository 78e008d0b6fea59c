//! How single values are written in the configuration.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// A duration such as `30s`, `15m` or `365d`.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(text.trim()).map_err(|error| {
        D::Error::custom(format!(
            "\"{text}\" is no duration: {error}; write it as \"30s\", \"15m\", \"12h\" or \"365d\""
        ))
    })
}

/// A size such as `4 MiB` or `500 kB`, in bytes.
pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.trim().parse::<bytesize::ByteSize>() {
        Ok(size) if size.as_u64() > 0 => Ok(size.as_u64()),
        _ => Err(D::Error::custom(format!(
            "\"{text}\" is no size; write it as \"4 MiB\" or \"500 KiB\""
        ))),
    }
}

/// One string, or an array of them.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    match OneOrMany::deserialize(deserializer) {
        Ok(OneOrMany::One(one)) => Ok(vec![one]),
        Ok(OneOrMany::Many(many)) => Ok(many),
        Err(_) => Err(D::Error::custom(
            "write one address in quotes, or several as [\"…\", \"…\"]",
        )),
    }
}
