package import JSON

/// A problem that does not stop the store from serving other requests.
package struct HealthCondition: Sendable, Hashable {
    /// The subject: `log telemetry`, `disk`, `reserve`, `maintenance of telemetry`.
    package let subject: String
    /// The problem, without paths and documents.
    package let reason: String
    package let since: Timestamp

    package init(subject: String, reason: String, since: Timestamp) {
        self.subject = subject
        self.reason = reason
        self.since = since
    }
}
