internal import Federation
internal import HTTPTypes
internal import JSON

/// The results of the lines of a body.
///
/// Shape: `{"accepted":2,"refused":1,"errors":[{"line":3,"error":"missing field 'key'"}]}`
struct IngestReceipt: Sendable {
    /// One line that was not stored, and why.
    struct Refusal: Sendable {
        /// Limits a reason, which may quote any text of the client.
        private static let characterCountMax = 300

        let line: Int
        let reason: String

        init(line: Int, reason: String) {
            self.line = line
            let start = reason.unicodeScalars.prefix(Self.characterCountMax)
            self.reason = start.endIndex == reason.endIndex ? reason : String(start) + "…"
        }
    }

    /// How many refusals are listed; all are counted.
    static let namedCountMax = 1_000

    private(set) var acceptedCount = 0
    private(set) var refusedCount = 0
    private(set) var named: [Refusal] = []

    /// Adds the results of the next group of lines.
    mutating func add(_ outcome: IngestOutcome) {
        acceptedCount += outcome.acceptedCount
        refusedCount += outcome.refusals.count
        named += outcome.refusals.prefix(Self.namedCountMax - named.count).map {
            Refusal(line: $0.number, reason: $0.reason.answer)
        }
    }

    var members: JSONObject {
        [
            "accepted": JSON(acceptedCount),
            "refused": JSON(refusedCount),
            "errors": .array(named.map { ["line": JSON($0.line), "error": .string($0.reason)] }),
        ]
    }

    var json: JSON { .object(members) }

    static let schema = Schema.object([
        .required("accepted", .count, "Lines that are on stable storage"),
        .required("refused", .count, "Lines that are not; blank ones are not counted"),
        .required(
            "errors",
            .array(.object([.required("line", .count, "From 1"), .required("error", .string, "Why")])),
            "The first \(namedCountMax) of those refused"
        ),
    ])
}

extension IngestOutcome.Reason {
    /// The message for the client.
    fileprivate var answer: String {
        switch self {
        case .tooLong(let byteCountMax): "The line is longer than \(byteCountMax) bytes"
        case .notAnObject: "Invalid object: the line must be a JSON object"
        case .invalid(let message): message
        case .notStored(let error): error.answer
        }
    }
}

/// Why the rest of a body was not stored; documents that were accepted before are stored.
struct IngestFailure: AnsweredError {
    let cause: any AnsweredError
    /// The first line of the group that was not stored, or that had not arrived.
    let line: Int
    /// The results of the lines before it.
    let receipt: IngestReceipt

    var status: HTTPResponse.Status { cause.status }

    var answer: String {
        let reason = cause.answer.replacingSuffix("; nothing was written", with: "")
        return "\(reason); lines from \(line) on are not acknowledged"
    }

    var members: JSONObject { receipt.members }
    var headers: HTTPFields { cause.headers }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String, with replacement: String) -> String {
        hasSuffix(suffix) ? dropLast(suffix.count) + replacement : self
    }
}
