/// Exponential backoff: the delay before the next attempt, and the limit of attempts.
///
/// The first delay is 0.25 s; each further one is twice as long, up to 8 s. Ten failures without progress take about
/// 48 s, which is enough for a restart of the server or a change of network.
struct Backoff: Sendable {
    private static let first = Duration.milliseconds(250)
    private static let longest = Duration.seconds(8)

    private var failureCount = 0

    /// Counts a failure and returns the delay; nil if there have been `failureCountMax` before.
    mutating func next(_ failureCountMax: Int) -> Duration? {
        failureCount += 1
        guard failureCount <= failureCountMax else { return nil }
        return min(Self.first * (1 << (failureCount - 1)), Self.longest)
    }

    /// Resets the count after progress.
    mutating func reset() {
        failureCount = 0
    }
}
