import JSON
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import ledge

struct LogTests {
    private static let time = Timestamp(microseconds: 1_796_100_000_123_456)
    private static let failure = LogEntry(level: .error, message: "disk is full", fields: ["error": "no space"])

    /// Lines that were written, and a clock that a test sets.
    private final class Output: Sendable {
        private let lines = NIOLockedValueBox<[String]>([])
        private let time = NIOLockedValueBox(ContinuousClock.now)

        func log(_ format: LogFormat = .json) -> LogLines {
            LogLines(format, clock: { [self] in time.withLockedValue { $0 } }) { [self] line in
                lines.withLockedValue { $0.append(line) }
            }
        }

        func advance(by duration: Duration) {
            time.withLockedValue { $0 += duration }
        }

        /// The field of each line, nil where a line has none.
        func all(_ field: FieldPath) throws -> [String?] {
            try lines.withLockedValue { $0 }.map { try JSON(parsing: Array($0.utf8))[path: field]?.string }
        }
    }

    @Test(arguments: [
        ("plain", "plain"), ("a b", #""a b""#), ("", #""""#), ("a\nb", #""a\nb""#), ("say \"x\"", #""say \"x\"""#),
        ("/path=é", "/path=é"),
    ])
    func fieldOfATextLineEndsWhereTheNextBegins(_ value: String, _ written: String) {
        let entry = LogEntry(level: .notice, message: "done", fields: ["b": value, "a": "1"])
        #expect(LogFormat.text.line(entry, at: Self.time) == "\(Self.time) notice: done a=1 b=\(written)")
    }

    @Test func lineOfJSONIsOneObject() throws {
        let entry = LogEntry(level: .warning, message: "a\n\"b\"", fields: ["file": "/x y"])
        let line = LogFormat.json.line(entry, at: Self.time)
        #expect(!line.contains("\n"))
        let expected: JSON = [
            "time": .string("\(Self.time)"), "level": "warning", "message": "a\n\"b\"", "file": "/x y",
        ]
        #expect(try JSON(parsing: Array(line.utf8)) == expected)
    }

    @Test func repeatedFailureIsWrittenOnceThenCounted() throws {
        let output = Output()
        let log = output.log()
        for number in 1...5000 { log.add(Self.failure, context: ["request_id": "\(number)"]) }
        log.writeRepetitions()
        #expect(try output.all("request_id") == ["1"])
        output.advance(by: LogLines.period)
        log.writeRepetitions()
        #expect(try output.all("repeated") == [nil, "4999"])
        #expect(try output.all("error") == ["no space", "no space"])
        // A new period begins with a line of its own.
        log.add(Self.failure, context: [:])
        log.writeRepetitions(all: true)
        #expect(try output.all("repeated") == [nil, "4999", nil])
    }

    @Test func everyRepetitionIsWrittenAtTheEnd() throws {
        let output = Output()
        let log = output.log()
        for _ in 1...3 { log.add(Self.failure, context: [:]) }
        log.writeRepetitions(all: true)
        #expect(try output.all("repeated") == [nil, "2"])
    }

    @Test func differentFailuresAreAllWritten() throws {
        let output = Output()
        let log = output.log()
        var other = Self.failure
        other.fields["error"] = "no inodes"
        for entry in [Self.failure, other, Self.failure] { log.add(entry, context: [:]) }
        #expect(try output.all("error") == ["no space", "no inodes"])
        // Notices are events, not failures.
        let notice = LogEntry(level: .notice, message: "sealed")
        for _ in 1...3 { log.add(notice, context: [:]) }
        #expect(try output.all("message").count { $0 == "sealed" } == 3)
    }
}
