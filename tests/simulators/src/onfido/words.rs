//! Onfido's own words (§2.3, §3.2, §4.1).

pub(crate) const IN_PROGRESS: &str = "in_progress";
pub(crate) const AWAITING_APPLICANT: &str = "awaiting_applicant";
pub(crate) const COMPLETE: &str = "complete";
pub(crate) const WITHDRAWN: &str = "withdrawn";
pub(crate) const PAUSED: &str = "paused";
pub(crate) const REOPENED: &str = "reopened";
pub(crate) const AWAITING_DATA: &str = "awaiting_data";
pub(crate) const AWAITING_APPROVAL: &str = "awaiting_approval";
pub(crate) const CANCELLED: &str = "cancelled";

pub(crate) const PROCESSING: &str = "processing";
pub(crate) const AWAITING_INPUT: &str = "awaiting_input";
pub(crate) const AWAITING_CLIENT: &str = "awaiting_client_input";
pub(crate) const REVIEW: &str = "review";

pub(crate) const CLEAR: &str = "clear";
pub(crate) const CONSIDER: &str = "consider";

pub(crate) const CHECK_COMPLETED: &str = "check.completed";
pub(crate) const RUN_COMPLETED: &str = "workflow_run.completed";

/// Every event that a webhook may list.
pub(crate) const EVENTS: [&str; 17] = [
    "check.started",
    "check.form_completed",
    CHECK_COMPLETED,
    "check.reopened",
    "check.withdrawn",
    "report.completed",
    "report.awaiting_approval",
    "report.resumed",
    "report.cancelled",
    "report.withdrawn",
    RUN_COMPLETED,
    "workflow_task.started",
    "workflow_task.completed",
    "workflow_timeline_file.created",
    "workflow_run_evidence_folder.created",
    "watchlist_monitor.matches_updated",
    "audit_log.created",
];

pub(crate) const REPORT_NAMES: [&str; 21] = [
    "document",
    "document_video",
    "document_video_with_address_information",
    "document_with_address_information",
    "document_with_driving_licence_information",
    "document_with_driver_verification",
    "facial_similarity_photo",
    "facial_similarity_photo_fully_auto",
    "facial_similarity_video",
    "facial_similarity_motion",
    "known_faces",
    "identity_enhanced",
    "watchlist_aml",
    "watchlist_enhanced",
    "watchlist_standard",
    "watchlist_peps_only",
    "watchlist_sanctions_only",
    "proof_of_address",
    "us_driving_licence",
    "device_intelligence",
    "india_pan",
];

/// What a person goes through in the example workflow: definition, then the name that ids begin with.
pub(crate) const INTERACTIVE: [(&str, &str); 3] =
    [("profile_data", "profile"), ("upload_document_photo", "document_photo"), ("upload_face_photo", "face_photo")];
/// What Onfido does with it.
pub(crate) const REPORTING: (&str, &str) = ("document_check", "document_check");
/// What waits for the client's backend; the name is invented.
pub(crate) const CLIENT_TASK: (&str, &str) = ("client_input", "client_input");
