//! Reference data for many made-up participants, so that every one of them can have an episode recorded.

/// When every supply failed, as the incident log has it.
pub const INTERRUPTED_AT: &str = "2026-01-05T10:40:00Z";

pub fn participant(number: usize) -> String {
    format!("CR-{number:04}")
}

pub fn incident(number: usize) -> String {
    format!("CI-{number:04}")
}

/// The sources that the first step reads, as CSV.
pub fn sources(participants: usize) -> [(&'static str, String); 4] {
    let table = |head: &str, row: &dyn Fn(usize) -> String| {
        let rows: Vec<String> = (0..participants).map(row).collect();
        format!("{head}\n{}\n", rows.join("\n"))
    };
    [
        (
            "oxygen_service_register",
            table("participant_id,supplier,enrolled_on", &|n| format!("{},Harbor Home Oxygen,2025-01-14", participant(n))),
        ),
        (
            "respiratory_support_profile",
            table("participant_id,oxygen_support_type_code,reviewed_on", &|n| {
                format!("{},concentrator_continuous,2025-11-03", participant(n))
            }),
        ),
        (
            "equipment_incident_log",
            table("incident_id,participant_id,reported_by,interruption_started_at", &|n| {
                format!("{},{},equipment,{INTERRUPTED_AT}", incident(n), participant(n))
            }),
        ),
        (
            "payer_eligibility_file",
            table("participant_id,status,active_from,active_to", &|n| format!("{},active,2025-01-01,", participant(n))),
        ),
    ]
}
