internal import Inspection

/// How far a transfer is, how fast it goes now, and when it will end.
///
/// It reads no clock: callers say what time it is.
struct TransferProgress: Sendable {
    /// How much of the past the rate is taken over: shorter jumps about, longer lags behind a change of network.
    private static let window = Duration.seconds(5)

    private let byteCount: Int64
    private var samples: [(time: Duration, done: Int64)]

    /// - Parameters:
    ///   - byteCount: of the whole file.
    ///   - done: what was there before this transfer began; it counts for the percentage, not for the rate.
    ///   - time: since any fixed moment, the same for every call.
    init(byteCount: Int64, done: Int64, at time: Duration) {
        self.byteCount = byteCount
        self.samples = [(time, done)]
    }

    /// Records that `done` bytes of the file have arrived; fewer than before where the server lost some.
    mutating func update(done: Int64, at time: Duration) {
        samples.append((time, done))
        // One sample from before the window stays, so that a stalled transfer still has a rate.
        while samples.count > 2 && samples[1].time <= time - Self.window { samples.removeFirst() }
    }

    var done: Int64 {
        samples.last?.done ?? 0
    }

    /// 0 to 100, rounded down, so that only the last byte makes 100; a file of no bytes is done from the start.
    var percent: Int {
        byteCount == 0 ? 100 : Int(Double(done) / Double(byteCount) * 100)
    }

    /// Bytes a second over the last seconds, or nil while there is nothing to tell it from.
    var byteRate: Double? {
        guard let first = samples.first, let last = samples.last, last.time > first.time, last.done > first.done else {
            return nil
        }
        return Double(last.done - first.done) / ((last.time - first.time) / .seconds(1))
    }

    var timeLeft: Duration? {
        byteRate.map { .seconds(Double(byteCount - done) / $0) }
    }

    /// Shape: `42 %  430 MiB of 1 GiB  512 MiB/s  1 s left`, with only what is known.
    var text: String {
        var parts = ["\(percent) %", "\(ByteCount(done)) of \(ByteCount(byteCount))"]
        if let byteRate { parts.append("\(ByteCount(Int64(byteRate)))/s") }
        if let timeLeft, done < byteCount { parts.append("\(timeLeft.text) left") }
        return parts.joined(separator: "  ")
    }

    /// Shape: `[#########-----------]  42 %  …`, never wider than `columnCount`; the bar gives way before the words.
    func bar(columnCount: Int) -> String {
        let words = text
        let cellCount = min(40, columnCount - words.count - 5)
        guard cellCount >= 10 else { return String(words.prefix(max(0, columnCount - 1))) }
        let filledCount = cellCount * percent / 100
        let cells = String(repeating: "#", count: filledCount) + String(repeating: "-", count: cellCount - filledCount)
        return "[\(cells)]  \(words)"
    }
}
