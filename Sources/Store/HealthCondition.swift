package import JSON

/// Something that is not as it should be, while the store goes on serving what it can.
package struct HealthCondition: Sendable, Hashable {
    /// What it is about: `log telemetry`, `disk`, `reserve`, `maintenance of telemetry`.
    package let subject: String
    /// What is wrong, for anyone: no path, no document.
    package let reason: String
    package let since: Timestamp

    package init(subject: String, reason: String, since: Timestamp) {
        self.subject = subject
        self.reason = reason
        self.since = since
    }
}
