//! The JSON Schema of definition files, for editors.

use serde_json::{Value, json};

use crate::domain::definition::Program;

/// The schema, generated from the types a file is read into. `definitions/schema.json` is its committed copy.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Program).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!("Proviso program"));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::embedded;

    /// With `UPDATE_SCHEMA=1` the committed copy is written anew instead.
    #[test]
    fn the_committed_schema_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/definitions/schema.json");
        let generated = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        if option_env!("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), generated, "run this test with UPDATE_SCHEMA=1 after changing the types");
    }

    #[test]
    fn shipped_definitions_validate_against_the_schema() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let programs = embedded::programs();
        assert!(!programs.is_empty());
        for (name, text) in programs {
            let value: Value = serde_saphyr::from_str(&text).unwrap();
            let errors: Vec<_> = validator.iter_errors(&value).map(|error| format!("{} at {}", error, error.instance_path())).collect();
            assert!(errors.is_empty(), "{name}: {errors:#?}");
        }
    }

    #[test]
    fn the_schema_refuses_an_unknown_key() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let (_, text) = embedded::programs().into_iter().next().unwrap();
        let mut value: Value = serde_saphyr::from_str(&text).unwrap();
        value["rolls"] = json!({});
        assert!(!validator.is_valid(&value));
    }
}
