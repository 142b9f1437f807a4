/// Times calls, one by one or many together.
struct Stopwatch {
    private let clock = ContinuousClock()
    /// For how long what is too quick to be timed once is repeated at least.
    var budget: Duration = .zero

    /// Returns the nanoseconds one call took.
    func nanoseconds(_ body: () async throws -> Void) async rethrows -> Double {
        let began = clock.now
        try await body()
        return (clock.now - began).nanoseconds
    }

    /// Returns the nanoseconds of one repetition.
    ///
    /// `body` gets numbers that go on from `step`; what it returns is used, so that nothing is optimized away.
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
            // Towards the budget, and a little beyond it, but not at once: the first repetitions are slower.
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

/// Takes a result where the optimizer cannot see that nobody looks at it.
@inline(never)
private func swallow(_ weight: Int) {
    withExtendedLifetime(weight) {}
}
