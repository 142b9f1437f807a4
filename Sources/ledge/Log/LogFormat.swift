internal import ArgumentParser
internal import JSON
internal import Logging

/// How a line of the server's log is written.
///
/// Shape of `text`, with the fields in the order of their names, and quoted like JSON where they are not plain:
///
///     2026-12-01T11:18:10.123456Z notice: created a new data directory at /srv/ledge
///     2026-12-01T11:18:12.004711Z warning: retention failed error="the disk is full" repeated=17
///
/// Shape of `json`, whose fields are all strings:
///
///     {"time":"2026-12-01T11:18:10.123456Z","level":"notice","message":"…","error":"…"}
enum LogFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    case text
    case json

    /// Returns one line, without its end.
    func line(_ entry: LogEntry, at time: Timestamp) -> String {
        let fields = entry.fields.sorted { $0.key < $1.key }
        switch self {
        case .text:
            let start = "\(time) \(entry.level): \(entry.message)"
            return fields.reduce(into: start) { $0 += " \($1.key)=\(Self.plain($1.value))" }
        case .json:
            var object: JSONObject = [
                "time": .string("\(time)"), "level": .string("\(entry.level)"), "message": .string(entry.message),
            ]
            for (name, value) in fields { object[name] = .string(value) }
            return String(decoding: object.bytes, as: UTF8.self)
        }
    }

    /// The value itself if it ends where the next space is, otherwise quoted.
    private static func plain(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7F }
        return isPlain ? value : String(decoding: JSON.string(value).bytes, as: UTF8.self)
    }
}

/// What a log line says, without its time.
struct LogEntry: Sendable, Hashable {
    var level: Logger.Level
    var message: String
    var fields: [String: String] = [:]
}
