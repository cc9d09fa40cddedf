//! The JSON Schemas of definition files and calendar files, for editors.

use serde_json::{Value, json};

use crate::domain::calendar::CalendarFile;
use crate::domain::definition::Program;

/// The schema, generated from the types a file is read into. `definitions/schema.json` is its committed copy.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Program).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!("Proviso program"));
    }
    schema
}

/// The schema of calendar files. `definitions/calendar.schema.json` is its committed copy.
pub fn calendar_schema() -> Value {
    let mut schema = schemars::schema_for!(CalendarFile).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!("Proviso calendar"));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::embedded;

    #[test]
    fn the_committed_schemas_are_the_generated_ones() {
        compare("schema.json", &schema());
        compare("calendar.schema.json", &calendar_schema());
    }

    /// With `UPDATE_SCHEMA=1` the committed copy is written anew instead.
    fn compare(name: &str, schema: &Value) {
        let path = format!("{}/definitions/{name}", env!("CARGO_MANIFEST_DIR"));
        let generated = format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
        if option_env!("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), generated, "run this test with UPDATE_SCHEMA=1 after changing the types");
    }

    #[test]
    fn shipped_calendars_validate_against_their_schema() {
        let validator = jsonschema::validator_for(&calendar_schema()).unwrap();
        for (name, text) in embedded::calendars() {
            let value: Value = serde_saphyr::from_str(&text).unwrap();
            let errors: Vec<_> = validator.iter_errors(&value).map(|error| format!("{} at {}", error, error.instance_path())).collect();
            assert!(errors.is_empty(), "{name}: {errors:#?}");
        }
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
