internal import NIOConcurrencyHelpers

/// Limits the number of lines that are logged in each period.
final class LineLimiter: Sendable {
    private struct State {
        var start: ContinuousClock.Instant
        var admittedCount = 0
        var leftOutCount = 0
    }

    private let countMax: Int
    private let period: Duration
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let state: NIOLockedValueBox<State>

    /// By default at most 30 lines a minute: about 10 MB a day.
    init(
        countMax: Int = 30,
        period: Duration = .seconds(60),
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.countMax = countMax
        self.period = period
        self.clock = clock
        state = NIOLockedValueBox(State(start: clock()))
    }

    /// Returns the number of lines left out since the last admitted one; nil if this one is left out, too.
    func admit() -> Int? {
        let now = clock()
        return state.withLockedValue { state in
            if now - state.start >= period {
                state.start = now
                state.admittedCount = 0
            }
            guard state.admittedCount < countMax else {
                state.leftOutCount += 1
                return nil
            }
            state.admittedCount += 1
            defer { state.leftOutCount = 0 }
            return state.leftOutCount
        }
    }
}
