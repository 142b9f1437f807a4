internal import ArgumentParser
internal import Logging

/// What `ledge serve` writes to its log, and how.
struct ServeLog: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Minimum level of log messages: trace, debug, info, notice, warning, error or critical; debug has one line \
            for each request. (default: info)
            """,
            valueName: "level"
        ),
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else {
                throw ValidationError("it must be trace, debug, info, notice, warning, error or critical")
            }
            return level
        }
    )
    var logLevel = Logger.Level.info

    @Option(help: ArgumentHelp("Format of log lines: text or json.", valueName: "format"))
    var logFormat = LogFormat.text

    /// Calls `body` with a logger; counted repetitions are written in the meantime, and at the end.
    func withLogger<Value: Sendable>(_ body: (Logger) async throws -> Value) async rethrows -> Value {
        let lines = LogLines(logFormat)
        let level = logLevel
        // For libraries that log on their own.
        LoggingSystem.bootstrap { _ in ServerLog(lines, level: max(level, .warning)) }
        let writing = Task {
            while true {
                try await Task.sleep(for: LogLines.period)
                lines.writeRepetitions()
            }
        }
        defer {
            writing.cancel()
            lines.writeRepetitions(all: true)
        }
        return try await body(Logger(label: "ledge") { _ in ServerLog(lines, level: level) })
    }
}
