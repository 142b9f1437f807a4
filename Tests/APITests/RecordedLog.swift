import Logging
import NIOConcurrencyHelpers

/// The lines of a log, each as its message and its metadata.
final class RecordedLog: Sendable {
    private let lines = NIOLockedValueBox<[(message: String, metadata: [String: String])]>([])
    private let level: Logger.Level

    init(level: Logger.Level = .info) {
        self.level = level
    }

    var all: [(message: String, metadata: [String: String])] { lines.withLockedValue { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Recorder(log: self, logLevel: level) }
    }

    func with(_ message: String) -> [[String: String]] {
        all.filter { $0.message == message }.map(\.metadata)
    }

    private struct Recorder: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).mapValues { "\($0)" }
            log.lines.withLockedValue { $0.append(("\(event.message)", fields)) }
        }
    }
}
