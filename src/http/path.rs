//! Ids in a path.

use std::str::FromStr;

use super::problem::{NOT_FOUND, Problem};

/// Reads an id. What is no id names nothing, like an id of something that does not exist.
pub fn id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::new(&NOT_FOUND, "there is nothing with that id in the programs you take part in"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TaskId;

    #[test]
    fn what_is_no_id_is_not_found() {
        for text in ["1", "", "null", "[1]", "9223372036854775808", "../x", "01890a5d-ac96-774b-bcce-b302099a805"] {
            assert_eq!(id::<TaskId>(text).unwrap_err().code(), "not_found", "{text}");
        }
        assert!(id::<TaskId>("01890a5d-ac96-774b-bcce-b302099a8057").is_ok());
    }
}
