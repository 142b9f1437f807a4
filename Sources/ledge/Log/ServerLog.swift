internal import Logging

/// The log handler of the server: one line for each message, on standard error.
struct ServerLog: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let lines: LogLines

    init(_ lines: LogLines, level: Logger.Level) {
        self.lines = lines
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).mapValues { "\($0)" }
        var context: [String: String] = [:]
        for (name, value) in metadata {
            // Hummingbird's name for the id that it gives to a request.
            context[name == "hb.request.id" ? "request_id" : name] = "\(value)"
        }
        lines.add(LogEntry(level: event.level, message: "\(event.message)", fields: fields), context: context)
    }
}
