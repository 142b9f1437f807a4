internal import Inspection
internal import JSON

/// The progress of a transfer: percentage, current rate and remaining time.
///
/// Callers supply the time.
struct TransferProgress: Sendable {
    /// The period over which the rate is averaged: a shorter one fluctuates, a longer one reacts slowly.
    private static let window = Duration.seconds(5)

    private let byteCount: Int64
    private var samples: [(time: Duration, done: Int64)]

    /// - Parameters:
    ///   - byteCount: bytes of the whole file.
    ///   - done: bytes that were transferred before; they count for the percentage, not for the rate.
    ///   - time: time since a fixed point, which is the same for all calls.
    init(byteCount: Int64, done: Int64, at time: Duration) {
        self.byteCount = byteCount
        self.samples = [(time, done)]
    }

    /// Records that `done` bytes of the file have been received; fewer than before if the server lost some.
    mutating func update(done: Int64, at time: Duration) {
        samples.append((time, done))
        // One sample from before the window is kept, so that a stalled transfer still has a rate.
        while samples.count > 2 && samples[1].time <= time - Self.window { samples.removeFirst() }
    }

    var done: Int64 {
        samples.last?.done ?? 0
    }

    /// 0 to 100, rounded down, so that 100 means complete; an empty file is at 100.
    var percent: Int {
        byteCount == 0 ? 100 : Int(Double(done) / Double(byteCount) * 100)
    }

    /// The current rate in bytes per second; nil while it is unknown.
    var byteRate: Double? {
        guard let first = samples.first, let last = samples.last, last.time > first.time, last.done > first.done else {
            return nil
        }
        return Double(last.done - first.done) / ((last.time - first.time) / .seconds(1))
    }

    var timeLeft: Duration? {
        byteRate.map { .seconds(Double(byteCount - done) / $0) }
    }

    /// Shape: `42 %  430 MiB of 1 GiB  512 MiB/s  1 s left`; unknown parts are omitted.
    var text: String {
        var parts = ["\(percent) %", "\(ByteCount(done)) of \(ByteCount(byteCount))"]
        if let byteRate { parts.append("\(ByteCount(Int64(byteRate)))/s") }
        if let timeLeft, done < byteCount { parts.append("\(timeLeft.text) left") }
        return parts.joined(separator: "  ")
    }

    /// Shape: `[#########-----------]  42 %  …`, not wider than `columnCount`; a narrow terminal shows only the words.
    func bar(columnCount: Int) -> String {
        let words = text
        let cellCount = min(40, columnCount - words.count - 5)
        guard cellCount >= 10 else { return String(words.prefix(max(0, columnCount - 1))) }
        let filledCount = cellCount * percent / 100
        let cells = String(repeating: "#", count: filledCount) + String(repeating: "-", count: cellCount - filledCount)
        return "[\(cells)]  \(words)"
    }
}
