/// Exponential backoff: the delay before the next attempt, and when to give up.
///
/// The first delay is 0.25 s; each further one is twice as long, up to 8 s, or longer if the server requires it. Callers
/// supply the time.
struct Backoff: Sendable {
    private static let first = Duration.milliseconds(250)
    private static let longest = Duration.seconds(8)

    /// How long failures are tolerated that only need time.
    private let giveUpAfter: Duration
    private var failureCount = 0
    /// The time of the first failure without progress since.
    private var failingSince: Duration?

    init(giveUpAfter: Duration) {
        self.giveUpAfter = giveUpAfter
    }

    /// Counts a failure at `now`; returns the delay and how long attempts go on, or nil if it is the last failure.
    mutating func next(after failure: UploadFailure, at now: Duration) -> (pause: Duration, left: Duration)? {
        failureCount += 1
        let since = failingSince ?? now
        failingSince = since
        let left = giveUpAfter - (now - since)
        switch failure.remedy {
        case .none: return nil
        case .attempts(let count) where failureCount > count: return nil
        case .attempts, .time: break
        }
        guard left > .zero else { return nil }
        let pause = max(failure.retryAfter ?? .zero, min(Self.first * (1 << min(failureCount - 1, 5)), Self.longest))
        return (min(pause, left), left)
    }

    /// Resets the delay after progress.
    mutating func reset() {
        failureCount = 0
        failingSince = nil
    }
}
