import Control
import JSON
import NIOConcurrencyHelpers

/// A clock that is advanced by tests only.
final class ManualClock: ControlClock {
    private struct Sleeper {
        let wakesAt: Timestamp
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Timestamp(microseconds: 1_780_000_000_000_000)
        var count = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = NIOLockedValueBox(State())

    func now() -> Timestamp { state.withLockedValue { $0.now } }

    /// The number of waiting tasks.
    var sleeperCount: Int { state.withLockedValue { $0.sleepers.count } }

    func sleep(for duration: Duration) async throws {
        let number = state.withLockedValue { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLockedValue { state in
                    guard state.cancelled.remove(number) == nil else { return true }
                    let wakesAt = state.now.advanced(by: duration)
                    state.sleepers[number] = Sleeper(wakesAt: wakesAt, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLockedValue { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Advances the time, and resumes tasks whose duration has passed.
    func advance(by duration: Duration) {
        let woken = state.withLockedValue { state in
            state.now = state.now.advanced(by: duration)
            let woken = state.sleepers.filter { $0.value.wakesAt <= state.now }
            for number in woken.keys { state.sleepers[number] = nil }
            return woken
        }
        for sleeper in woken.values { sleeper.continuation.resume() }
    }
}
