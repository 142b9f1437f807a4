/// Times calls, one by one or many together.
struct Stopwatch {
    private let clock = ContinuousClock()
    /// The minimum duration of a measurement; quick calls are repeated until it is reached.
    var budget: Duration = .zero

    /// Returns the nanoseconds of one call.
    func nanoseconds(_ body: () async throws -> Void) async rethrows -> Double {
        let began = clock.now
        try await body()
        return (clock.now - began).nanoseconds
    }

    /// Returns the nanoseconds of one repetition.
    ///
    /// `body` gets consecutive numbers from `step`; its result is used, so that the call is not optimized away.
    func nanoseconds(from step: inout Int, _ body: (Int) throws -> Int) rethrows -> Double {
        var count = 1
        while true {
            var weight = 0
            let began = clock.now
            for number in step..<step + count { weight &+= try body(number) }
            let elapsed = (clock.now - began).nanoseconds
            step += count
            swallow(weight)
            if elapsed >= budget.nanoseconds { return elapsed / Double(count) }
            // Approach the budget in steps, because the first repetitions are slower.
            let wanted = Double(count) * 1.2 * budget.nanoseconds / max(elapsed, 1)
            count = max(count + 1, Int(min(wanted, Double(count) * 100)))
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Double {
        Double(components.seconds) * 1e9 + Double(components.attoseconds) / 1e9
    }
}

/// Consumes a result in a way that the optimizer cannot remove.
@inline(never)
private func swallow(_ weight: Int) {
    withExtendedLifetime(weight) {}
}
