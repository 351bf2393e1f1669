//! What the component tells becomes lines of the log.

/// A line is cut here: a component that tells without end must not fill our memory.
const MAX_LINE: usize = 4096;

/// Logs an event of the component.
pub(super) fn line(event: &str) {
    let event = String::from_utf8_lossy(&event.as_bytes()[..event.len().min(MAX_LINE)]);
    let event = event.trim_end();
    if !event.is_empty() {
        // What a component tells can't begin a new line, or colour one, in our log.
        let event: String = event.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // With it nothing works: it is told even where only faults are logged.
        if event.contains(r#""event":"bad-setting""#) {
            tracing::error!(target: "endpoint", "{event}");
        } else {
            tracing::info!(target: "endpoint", "{event}");
        }
    }
}

/// Logs an event of this side as the component's own.
pub(super) fn event(event: &serde_json::Value) {
    line(&event.to_string());
}
