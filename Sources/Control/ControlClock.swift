package import JSON

/// The time the controller goes by, so that tests need not wait for it.
package protocol ControlClock: Sendable {
    func now() -> Timestamp

    /// Returns after so long, or throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The machine's clocks: the wall's for what is written down, a monotonic one for waiting.
package struct MachineClock: ControlClock {
    package init() {}

    package func now() -> Timestamp { Timestamp.now() }

    package func sleep(for duration: Duration) async throws {
        try await ContinuousClock().sleep(for: duration)
    }
}

/// How long to wait for others.
enum Patience {
    /// The time-out of a command whose caller named none, in seconds.
    static let secondsDefault = 180.0
    /// Beyond a century a time-out is none.
    private static let secondsMax = 3_153_600_000.0

    /// The duration of a time-out in seconds; nil for one that never comes, which any negative number means.
    static func duration(seconds: Double) -> Duration? {
        guard seconds >= 0, seconds < secondsMax else { return nil }
        return .seconds(seconds)
    }
}
