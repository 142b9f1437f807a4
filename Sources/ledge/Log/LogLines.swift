internal import JSON
internal import Logging
internal import NIOConcurrencyHelpers

/// Writes log lines; a warning or error that is repeated is counted instead of written again.
///
/// While a disk is full, every request of every client fails for the same reason. The first such line is written at
/// once, the next one at the end of the period, with the number of repetitions as `repeated`.
final class LogLines: Sendable {
    private struct Repetition {
        var entry: LogEntry
        var count = 0
        let end: ContinuousClock.Instant
    }

    /// How long repetitions are counted before their number is written.
    static let period = Duration.seconds(60)
    /// The number of different failures whose repetitions are counted.
    private static let failureCountMax = 100

    private let format: LogFormat
    private let clock: @Sendable () -> ContinuousClock.Instant
    private let write: @Sendable (String) -> Void
    /// By the failure, without what belongs to one request.
    private let repetitions = NIOLockedValueBox<[LogEntry: Repetition]>([:])

    init(
        _ format: LogFormat,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        write: @escaping @Sendable (String) -> Void = Console.note
    ) {
        self.format = format
        self.clock = clock
        self.write = write
    }

    /// Writes an entry, or counts it; `context` are the fields of the request, which do not make failures different.
    func add(_ entry: LogEntry, context: [String: String]) {
        if entry.level >= .warning, isRepeated(entry) { return }
        var entry = entry
        entry.fields.merge(context) { field, _ in field }
        write(format.line(entry, at: .now()))
    }

    /// Writes the number of repetitions of each failure whose period has ended, or of every one.
    func writeRepetitions(all: Bool = false) {
        let now = clock()
        let ended = repetitions.withLockedValue { repetitions in
            let ended = repetitions.filter { all || $0.value.end <= now }
            for failure in ended.keys { repetitions[failure] = nil }
            return ended.values.filter { $0.count > 0 }
        }
        for repetition in ended {
            var entry = repetition.entry
            entry.fields["repeated"] = "\(repetition.count)"
            write(format.line(entry, at: .now()))
        }
    }

    private func isRepeated(_ failure: LogEntry) -> Bool {
        writeRepetitions()
        let end = clock().advanced(by: Self.period)
        return repetitions.withLockedValue { repetitions in
            if repetitions[failure] != nil {
                repetitions[failure]?.count += 1
                return true
            }
            if repetitions.count < Self.failureCountMax { repetitions[failure] = Repetition(entry: failure, end: end) }
            return false
        }
    }
}
