package import JSON

/// The clock of the controller; tests replace it by one that they advance.
package protocol ControlClock: Sendable {
    func now() -> Timestamp

    /// Returns after `duration`, or throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The system's clocks: wall-clock time for documents, monotonic time for waiting.
package struct MachineClock: ControlClock {
    package init() {}

    package func now() -> Timestamp { Timestamp.now() }

    package func sleep(for duration: Duration) async throws {
        try await ContinuousClock().sleep(for: duration)
    }
}

/// Time-outs, from seconds to durations.
enum Timeout {
    /// The default time-out of a command, in seconds.
    static let secondsDefault = 180.0
    /// Longer time-outs, of more than a century, mean no time-out.
    private static let secondsMax = 3_153_600_000.0

    /// Returns a time-out in seconds as a duration; nil, no time-out, for negative numbers.
    static func duration(seconds: Double) -> Duration? {
        guard seconds >= 0, seconds < secondsMax else { return nil }
        return .seconds(seconds)
    }
}
