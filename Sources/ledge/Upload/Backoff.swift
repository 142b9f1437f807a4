/// How long to wait before the next try, and when to give up.
///
/// Waits 0.25 s, then twice as long each time up to 8 s: ten failures with nothing gained between them take about 48 s,
/// which covers a server that restarts and a network that changes.
struct Backoff: Sendable {
    private static let first = Duration.milliseconds(250)
    private static let longest = Duration.seconds(8)

    private var failureCount = 0

    /// Records a failure and returns how long to wait, or nil when there were `failureCountMax` before it.
    mutating func next(_ failureCountMax: Int) -> Duration? {
        failureCount += 1
        guard failureCount <= failureCountMax else { return nil }
        return min(Self.first * (1 << (failureCount - 1)), Self.longest)
    }

    /// Something was gained: the next failure is the first again.
    mutating func reset() {
        failureCount = 0
    }
}
